import Basis
import Foundation
import Glibc

/// A server under test that a command starts, in a process group of its own, so that it can be ended with all that it
/// has started.
///
/// A watchdog of `/bin/sh` reads from a pipe that this process holds: where this process ends in any way, killed for
/// example, the pipe is closed, and the watchdog ends the group.
final class ServerProcess {
    private var process: ChildProcess
    private var watchdog: ChildProcess
    /// The end of the pipe that keeps the watchdog waiting.
    private let lifeline: Int32

    /// Starts `/bin/sh -c COMMAND`; its output goes to a file.
    init(command: String, log: String) throws {
        let output = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard output >= 0 else {
            throw Failure(.runFailed, "\(log) could not be written: \(String(cString: strerror(errno)))")
        }
        defer { close(output) }
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else {
            throw Failure(.runFailed, "no pipe for the server's command: \(String(cString: strerror(errno)))")
        }
        defer { close(ends[0]) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        lifeline = ends[1]
        do {
            process = try ChildProcess("/bin/sh", ["-c", command], output: output, isGroup: true)
            watchdog = try ChildProcess(
                "/bin/sh", ["-c", Self.watch, "watchdog", "\(process.identifier)"], input: ends[0], output: output,
                isGroup: true)
        } catch {
            close(lifeline)
            throw Failure(.runFailed, "the server's command: \(error)")
        }
    }

    /// Waits for a line; where the pipe ends without one, ends the group, politely first.
    private static let watch = "read -r line && exit 0; kill -s TERM -- -$1; sleep 2; kill -s KILL -- -$1"

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
        _ = Array("over\n".utf8).withUnsafeBytes { write(lifeline, $0.baseAddress, $0.count) }
        close(lifeline)
        watchdog.wait()
    }

    private static let maxNaps = 200
}
