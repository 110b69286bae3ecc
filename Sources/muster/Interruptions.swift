import Dispatch
import Foundation

/// Ctrl-C and SIGTERM: the first asks the run to end in order, the second leaves at once.
final class Interruptions {
    private let sources: [any DispatchSourceSignal]

    /// - Parameter first: called once, at the first signal.
    init(_ first: @escaping @Sendable () async -> Void) {
        let counter = SignalCounter()
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: counter.queue)
            source.setEventHandler {
                counter.count += 1
                if counter.count > 1 {
                    Foundation._exit(ExitStatus.interrupted.rawValue)
                }
                Task { await first() }
            }
            source.resume()
            return source
        }
    }

    func stop() {
        sources.forEach { $0.cancel() }
    }
}

/// Touched on its queue only, which is why it may be shared.
private final class SignalCounter: @unchecked Sendable {
    let queue = DispatchQueue(label: "muster.signals")
    var count = 0
}
