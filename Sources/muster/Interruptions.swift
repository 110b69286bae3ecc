import Dispatch
import Foundation

/// Ctrl-C, SIGTERM and SIGHUP. The first asks the command to end in order; a second Ctrl-C or SIGTERM ends it at once.
///
/// A terminal that closes may send SIGHUP more than once, so a second one changes nothing. Under `nohup` it is not
/// watched.
final class Interruptions {
    private let sources: [any DispatchSourceSignal]

    /// - Parameter first: called once, at the first signal.
    init(_ first: @escaping @Sendable () async -> Void) {
        let counter = SignalCounter()
        let signals = [SIGINT, SIGTERM, SIGHUP].filter { $0 != SIGHUP || !Self.isIgnored($0) }
        sources = signals.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: counter.queue)
            source.setEventHandler {
                if number != SIGHUP { counter.urgent += 1 }
                if counter.urgent > 1 { Foundation._exit(ExitStatus.interrupted.rawValue) }
                guard !counter.isAsked else { return }
                counter.isAsked = true
                Task { await first() }
            }
            source.resume()
            return source
        }
    }

    func stop() {
        sources.forEach { $0.cancel() }
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        guard sigaction(number, nil, &action) == 0 else { return false }
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }
}

/// Touched on its queue only, which is why it may be shared.
private final class SignalCounter: @unchecked Sendable {
    let queue = DispatchQueue(label: "muster.signals")
    /// How many signals that a person sends on purpose have come.
    var urgent = 0
    var isAsked = false
}
