import Basis
import Foundation
import Glibc

/// A server under test that a command starts, in a process group of its own, so that it can be ended with all that it
/// has started.
final class ServerProcess {
    private let group: pid_t
    private var hasEnded = false

    /// Starts `/bin/sh -c COMMAND`; its output goes to a file.
    init(command: String, log: String) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        // Signals that Muster ignores or blocks are as usual for the server.
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var words: [UnsafeMutablePointer<CChar>?] =
            ["/bin/sh", "-c", command].map { (word: String) in strdup(word) } + [nil]
        defer { words.forEach { free($0) } }
        var process = pid_t()
        let failure = posix_spawn(&process, "/bin/sh", &actions, &attributes, &words, environ)
        guard failure == 0 else {
            throw Failure(
                .runFailed, "the server's command could not be started: \(String(cString: strerror(failure)))")
        }
        group = process
    }

    /// Whether the command has ended by itself.
    var isOver: Bool {
        if !hasEnded { hasEnded = waitpid(group, nil, WNOHANG) == group }
        return hasEnded
    }

    /// Asks the whole group to end, waits up to ten seconds, then kills it.
    func stop() async {
        kill(-group, SIGTERM)
        for _ in 0..<Self.maxNaps where !isOver || kill(-group, 0) == 0 {
            try? await Task.sleep(for: .milliseconds(50))
        }
        kill(-group, SIGKILL)
        if !hasEnded { hasEnded = waitpid(group, nil, 0) == group }
    }

    private static let maxNaps = 200
}
