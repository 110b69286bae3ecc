internal import CLinux

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A program that was started, with file descriptors of the caller's for its input and output, and none besides.
///
/// Foundation's `Process` is not used: on Linux it reads beyond a directory entry when many descriptors are open, which
/// can end the process.
package struct ChildProcess: Sendable {
    /// Why a program could not be started.
    package struct StartError: Error, CustomStringConvertible {
        package let path: String
        package let cause: String
        package var description: String { "\(path) could not be started: \(cause)" }
    }

    package let identifier: Int32
    /// Its exit status, or 128 plus the number of the signal that ended it; nil: it runs.
    private var end: Int32?

    /// - Parameters:
    ///   - arguments: without the program's own name.
    ///   - environment: its whole environment, as `NAME=value`; nil: this process's.
    ///   - input: its standard input; nil: nothing.
    ///   - output: its standard output.
    ///   - errors: its standard error; nil: the same as the output.
    ///   - isGroup: it is the first of a process group of its own, which `signalGroup` reaches.
    package init(
        _ path: String, _ arguments: [String], environment: [String]? = nil, input: Int32? = nil, output: Int32,
        errors: Int32? = nil, isGroup: Bool = false
    ) throws(StartError) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input {
            posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
        } else {
            posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        }
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, errors ?? output, STDERR_FILENO)
        _ = clinux_spawn_close_from(&actions, STDERR_FILENO + 1)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Signals that this process ignores or blocks are as usual for the program.
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        let group = isGroup ? POSIX_SPAWN_SETPGROUP : 0
        posix_spawnattr_setflags(&attributes, Int16(group | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var words = Self.strings([path] + arguments)
        var variables = Self.strings(environment ?? [])
        defer { (words + variables).forEach { free($0) } }
        var process = pid_t()
        let failure =
            environment == nil
            ? posix_spawn(&process, path, &actions, &attributes, &words, environ)
            : posix_spawn(&process, path, &actions, &attributes, &words, &variables)
        guard failure == 0 else { throw StartError(path: path, cause: String(cString: strerror(failure))) }
        identifier = process
    }

    /// A list of C strings for the system, nil at its end.
    private static func strings(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] {
        texts.map { (text: String) in strdup(text) } + [nil]
    }

    /// Its exit status, or 128 plus the number of the signal that ended it; nil while it runs.
    package mutating func status() -> Int32? {
        if end == nil { collect(WNOHANG) }
        return end
    }

    /// Waits until it has ended; blocks the thread.
    package mutating func wait() {
        while end == nil { collect(0) }
    }

    private mutating func collect(_ options: Int32) {
        var raw: Int32 = 0
        guard waitpid(identifier, &raw, options) == identifier else {
            // Nothing to wait for: somebody else has waited for it.
            if errno == ECHILD { end = -1 }
            return
        }
        let signal = raw & 0x7F
        end = signal == 0 ? (raw >> 8) & 0xFF : 128 + signal
    }

    /// Sends a signal to it while it runs.
    package mutating func signal(_ number: Int32) {
        if status() == nil { kill(identifier, number) }
    }

    /// Sends a signal to all processes of its group.
    /// - Returns: Whether there is one.
    @discardableResult
    package func signalGroup(_ number: Int32) -> Bool { kill(-identifier, number) == 0 }
}
