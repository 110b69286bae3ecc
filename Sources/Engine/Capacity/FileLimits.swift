import Glibc

/// The process's limit of open files (RLIMIT_NOFILE).
public struct FileLimits: Hashable, Sendable {
    /// What holds now.
    public var soft: Int
    /// What the process may raise it to by itself.
    public var hard: Int

    public init(soft: Int, hard: Int) {
        self.soft = soft
        self.hard = hard
    }

    /// The limits as they are.
    public static var current: FileLimits {
        var limits = rlimit()
        guard getrlimit(openFiles, &limits) == 0 else { return FileLimits(soft: 1024, hard: 1024) }
        return FileLimits(soft: Int(clamping: limits.rlim_cur), hard: Int(clamping: limits.rlim_max))
    }

    /// Raises the soft limit to the hard one; every socket is a descriptor. Answers with what holds then.
    @discardableResult
    public static func raise() -> FileLimits {
        var limits = rlimit()
        if getrlimit(openFiles, &limits) == 0, limits.rlim_cur < limits.rlim_max {
            limits.rlim_cur = limits.rlim_max
            _ = setrlimit(openFiles, &limits)
        }
        return current
    }

    private static var openFiles: __rlimit_resource_t { __rlimit_resource_t(RLIMIT_NOFILE.rawValue) }
}
