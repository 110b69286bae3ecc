public import Basis
import Foundation
public import Metrics

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A seed that this process uses against a server. Two fleets of one seed have the same instance UIDs, and a server
/// cannot tell them apart; so each run of this user on this machine claims its seed at its server while it lasts.
public enum SeedClaim: Sendable {
    /// Nobody else uses it; hold the lock while the run lasts. Without a lock, where no file for it can be created.
    case free(FileLock?)
    /// Another run does; what it says of itself.
    case taken(by: String)

    /// - Parameters:
    ///   - server: the address that agents connect to.
    ///   - part: the part of the fleet that uses it: its agents are those of no other part.
    public static func claim(_ seed: UInt64, at server: ServerURL, part: RunPart? = nil) -> SeedClaim {
        guard let folder = runtimeFolder() else { return .free(nil) }
        let host = server.host.lowercased() == "localhost" ? "127.0.0.1" : server.host.lowercased()
        let place = "\(host)_\(server.port)".map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == ".") ? $0 : "_" }
        let suffix = part.map { "-\($0.index)-of-\($0.count)" } ?? ""
        let path = "\(folder)/muster-\(String(place.prefix(180)))-seed-\(seed)\(suffix).lock"
        do throws(FileError) {
            switch try FileLock.acquire(path, note: "process \(ProcessInfo.processInfo.processIdentifier)") {
            case .acquired(let lock): return .free(lock)
            case .held(let note): return .taken(by: note)
            }
        } catch {
            return .free(nil)
        }
    }

    /// A folder that only this user writes to; nil where there is none.
    private static func runtimeFolder() -> String? {
        if let path = ProcessInfo.processInfo.environment["XDG_RUNTIME_DIR"], isPrivate(path) { return path }
        let path = "/tmp/muster-\(getuid())"
        mkdir(path, 0o700)
        return isPrivate(path) ? path : nil
    }

    private static func isPrivate(_ path: String) -> Bool {
        var facts = stat()
        return lstat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFDIR && facts.st_uid == getuid()
            && facts.st_mode & 0o022 == 0
    }
}
