import Basis
import Foundation
import Glibc

/// A server under test that a command starts, in a process group of its own, so that it can be ended with all that it
/// has started.
final class ServerProcess {
    private var process: ChildProcess

    /// Starts `/bin/sh -c COMMAND`; its output goes to a file.
    init(command: String, log: String) throws {
        let output = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard output >= 0 else {
            throw Failure(.runFailed, "\(log) could not be written: \(String(cString: strerror(errno)))")
        }
        defer { close(output) }
        do {
            process = try ChildProcess("/bin/sh", ["-c", command], output: output, isGroup: true)
        } catch {
            throw Failure(.runFailed, "the server's command: \(error)")
        }
    }

    /// Whether the command has ended by itself.
    var isOver: Bool { process.status() != nil }

    /// Asks the whole group to end, waits up to ten seconds, then kills it.
    func stop() async {
        process.signalGroup(SIGTERM)
        for _ in 0..<Self.maxNaps where !isOver || process.signalGroup(0) {
            try? await Task.sleep(for: .milliseconds(50))
        }
        process.signalGroup(SIGKILL)
        process.wait()
    }

    private static let maxNaps = 200
}
