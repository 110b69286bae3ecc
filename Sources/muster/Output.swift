import Basis
import Dispatch
import Glibc
import Synchronization

/// Standard output. It may be closed, full, or read slowly: what cannot be shown is counted and reported when the
/// command ends, and the command continues.
final class Output: Sendable {
    static let standard = Output(descriptor: STDOUT_FILENO, name: "standard output")

    private struct State {
        /// Bytes handed over and not yet written.
        var waiting = 0
        var lostLines = 0
        /// Why the last text could not be written.
        var cause: FileError.Cause?
        /// The reader has closed the pipe: nothing more is written.
        var isOver = false
    }

    private let descriptor: Int32
    private let name: String
    private let queue = DispatchQueue(label: "muster.output")
    private let state = Mutex(State())

    private init(descriptor: Int32, name: String) {
        self.descriptor = descriptor
        self.name = name
    }

    /// Before anything else: a closed pipe or a full file is an error of one call and no signal that ends the process,
    /// and the numbers of closed standard streams are taken, so that no socket gets them.
    static func prepare() {
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
        for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) < 0 {
            let null = open("/dev/null", O_RDWR)
            if null >= 0, null != descriptor { dup2(null, descriptor) }
            if descriptor == STDOUT_FILENO { standard.state.withLock { ($0.cause, $0.isOver) = (.closed, true) } }
        }
    }

    /// Whether text still waits for its reader: what is drawn again soon need not be added.
    var isBusy: Bool { state.withLock { $0.waiting > 0 } }

    /// Hands a text over without waiting for the reader. While too much waits already, it is dropped and counted.
    func show(_ text: String) {
        let count = text.utf8.count
        let isTaken = state.withLock { state in
            guard state.waiting + count <= Self.maxWaiting else {
                state.lostLines += Self.lines(text)
                return false
            }
            state.waiting += count
            return true
        }
        guard isTaken else { return }
        queue.async { [self] in
            write(text)
            state.withLock { $0.waiting -= count }
        }
    }

    /// Writes a text after everything shown before, and waits for the reader.
    func writeAll(_ text: String) {
        queue.sync { write(text) }
    }

    /// The error of writing, with the remedy; nil if all text was written.
    var problem: String? {
        queue.sync {}
        return state.withLock { state in
            guard let cause = state.cause, state.lostLines > 0 else { return nil }
            let lines = "\(state.lostLines) line\(state.lostLines == 1 ? "" : "s")"
            return "\(name): \(cause); \(lines) could not be shown; \(cause.remedyForOutput)"
        }
    }

    private func write(_ text: String) {
        if state.withLock({ $0.isOver }) {
            return state.withLock { $0.lostLines += Self.lines(text) }
        }
        do throws(FileError) {
            try Self.write(text, to: descriptor, name)
        } catch {
            state.withLock { state in
                state.cause = error.cause
                state.lostLines += Self.lines(text)
                state.isOver = error.cause == .readerClosed || error.cause == .closed
            }
        }
    }

    /// - Throws: `FileError`.
    static func write(_ text: String, to descriptor: Int32, _ name: String) throws(FileError) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                // Whoever started the command shares a descriptor that does not block.
                var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&ready, 1, -1)
            } else if errno != EINTR {
                throw FileError(.write, name, errno: errno)
            }
        }
    }

    private static func lines(_ text: String) -> Int { max(text.utf8.count { $0 == UInt8(ascii: "\n") }, 1) }

    /// More than a reader that is merely slow lets wait.
    private static let maxWaiting = 256 << 10
}

extension FileError.Cause {
    fileprivate var remedyForOutput: String {
        switch self {
        case .diskFull, .quotaExceeded, .tooLargeToWrite: "free some space, or send the output elsewhere"
        default: "send the output to a file or a terminal that stays open"
        }
    }
}

/// What commands print. It takes the place of the standard library's function in this module, which knows no failure.
func print(_ text: String, terminator: String = "\n") {
    Output.standard.writeAll(text + terminator)
}

/// Standard error: messages for which there is no other place, so that a failure to write them changes nothing.
enum ErrorOutput {
    static func write(_ text: String) {
        try? Output.write(text + "\n", to: STDERR_FILENO, "standard error")
    }
}
