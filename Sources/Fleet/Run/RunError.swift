public import Basis
import Engine
import Hosting

/// Why a run could not begin. Nothing has been sent.
public enum RunError: Error, CustomStringConvertible {
    /// The machine cannot hold the fleet.
    case tooManyAgents(asked: Int, fit: Int, remedy: String)
    /// The server's name has no address.
    case unknownHost(String, reason: String)
    /// A certificate, key or list that cannot be used.
    case security(SecurityError)
    /// A secret that the profile names and that cannot be had; the text says where it was looked for.
    case secret(String)
    /// A source address that cannot be used.
    case badSource(String)
    /// The package files that the profile names cannot be served.
    case packages(String)
    /// A file of an offered configuration that cannot be read.
    case configFile(FileError)
    /// Layers or channels that cannot be served.
    case versions(String)
    /// The embedded server did not start.
    case embeddedServer(String)
    /// The system refused what a shard needs.
    case noShard(String)
    /// The process that is to be watched is not there.
    case noProcess(Int32)
    /// The server that figures are scraped from cannot be used.
    case sideServer(SideServerError)

    /// Whether the user's words are what is wrong, rather than the world's state.
    public var isUsage: Bool {
        switch self {
        case .tooManyAgents, .security, .badSource, .secret, .packages, .configFile, .versions, .noProcess, .sideServer:
            true
        case .unknownHost, .embeddedServer, .noShard: false
        }
    }

    public var description: String {
        switch self {
        case .tooManyAgents(let asked, let fit, let remedy):
            "\(asked) agents do not fit on this machine, \(fit) do. \(remedy)"
        case .noProcess(let pid): "there is no process \(pid) on this machine (--server-pid)"
        case .sideServer(let error):
            error.description
        case .unknownHost(let host, let reason):
            "the server \(host) cannot be found: \(reason), or give an address."
        case .security(let error):
            error.description
        case .secret(let what):
            "\(what)."
        case .badSource(let text):
            "\(text) is not an address of this machine to connect from. Give addresses such as 127.0.0.2."
        case .packages(let reason):
            reason
        case .configFile(let error):
            "a file of a configuration: \(error)"
        case .versions(let reason):
            "layers and channels: \(reason)"
        case .embeddedServer(let reason):
            reason
        case .noShard(let reason):
            "the engine could not start: \(reason)"
        }
    }
}
