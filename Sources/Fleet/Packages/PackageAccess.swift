import AgentModel
import Basis
public import Hosting
public import OpAMP
import Transport

/// Who may fetch package files from a server of ours and export telemetry to it, and what its offers give agents to
/// show there (DownloadableFile.headers, TelemetryConnectionSettings.headers). Its description tells nothing of the
/// secrets.
public struct PackageAccess: Sendable, CustomStringConvertible {
    /// Nil: anybody may.
    public let credentials: ServerWire.Credentials?
    /// The fields of an offer; nil: none are needed.
    public let headers: Headers?
    /// Of exporters of telemetry; nil: anybody may.
    let telemetryCredentials: ServerWire.Credentials?
    let telemetryHeaders: Headers?

    /// Where files and telemetry need credentials because OpAMP does, the offers carry a token made for this process:
    /// those of the agents stay between each agent and the server. They are accepted there too.
    /// - Parameter credentials: those for OpAMP.
    /// - Throws: `RunError`, which names where the secret was to come from, and never the secret.
    public init(_ access: EmbeddedServer.Packages.Access, opamp credentials: ServerWire.Credentials?) throws(RunError) {
        let token = Self.token()
        telemetryCredentials = credentials?.union(ServerWire.Credentials([token]))
        telemetryHeaders = credentials == nil ? nil : Self.headers("Bearer \(token)")
        switch access {
        case .anybody: (self.credentials, headers) = (nil, nil)
        case .asForOpAMP: (self.credentials, headers) = (telemetryCredentials, telemetryHeaders)
        case .secret(let source):
            let secrets = try Secrets.lines(source)
            self.credentials = ServerWire.Credentials(secrets)
            let first = secrets[0]
            // A colon cannot stand in a bearer token (RFC 6750, section 2.1).
            headers = Self.headers(
                first.contains(":")
                    ? "Basic \(Base64.text(Array(first.utf8)))" : "Bearer \(first)")
        }
    }

    private static func headers(_ authorization: String) -> Headers {
        Headers(headers: [Header(key: "Authorization", value: authorization)])
    }

    /// 128 random bits.
    private static func token() -> String {
        var generator = SystemRandomNumberGenerator()
        return "\(String(generator.next(), radix: 16))-\(String(generator.next(), radix: 16))"
    }

    public var description: String { credentials == nil ? "anybody" : "who shows credentials" }
}
