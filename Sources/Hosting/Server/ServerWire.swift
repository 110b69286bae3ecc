public import Basis
public import Transport

/// The embedded server's connections, apart from OpAMP: limits, compression, credentials. The defaults inject no
/// faults.
public struct ServerWire: Sendable {
    /// Whether an offer of permessage-deflate is accepted (RFC 7692).
    public var agreesToDeflate = true
    /// The content codings that are accepted in requests, and used in answers; a request in another is answered with
    /// 415.
    public var codings: [ContentCoding] = [.zstd, .gzip]
    /// Whether every answer over plain HTTP ends its connection.
    public var closesAfterAnswer = false
    /// The idle timeout of HTTP connections; nil: ten minutes.
    public var idleTimeout: Nanoseconds?
    /// A WebSocket whose peer has sent nothing for so long is ended: it may be half-open. nil: never.
    public var silentTimeout: Nanoseconds?
    /// A client that reads nothing of a file for this long is disconnected.
    public var readTimeout = Nanoseconds.seconds(120)
    /// The time limits of what clients send, and the limit of what is buffered.
    public var receiving = ReceiveLimits()
    /// The largest message or request body in bytes, once decompressed; nil: 64 MiB.
    public var largestMessage: Int?
    /// The credentials of which every client has to send one, for OpAMP and for the counts; nil: every client is
    /// served.
    public var credentials: Credentials?
    /// Those of which every client that exports telemetry has to send one; nil: those for OpAMP.
    public var telemetryCredentials: Credentials?
    /// Those of which every client that fetches a package's file has to send one; nil: none is needed.
    public var fileCredentials: Credentials?
    /// Those of which every tester who controls the server over HTTP has to send one; nil: it cannot be controlled so.
    public var controlCredentials: Credentials?

    public init() {}

    /// Who may connect. Its description does not contain the secrets.
    public struct Credentials: Sendable, CustomStringConvertible {
        private var accepted: Set<String>

        /// - Parameter secrets: tokens (RFC 6750), or `user:password` (RFC 7617).
        public init(_ secrets: some Sequence<String>) {
            accepted = Set(
                secrets.flatMap { secret in
                    let basic = Base64.text(Array(secret.utf8))
                    return ["bearer \(secret)", "basic \(basic)"]
                })
        }

        /// These and those of `other`.
        public func union(_ other: Credentials) -> Credentials {
            var all = self
            all.accepted.formUnion(other.accepted)
            return all
        }

        /// Whether the head of a request contains one of them. The name of a scheme is compared without case.
        func admit(_ fields: HTTPFields) -> Bool {
            guard fields.count(of: "Authorization") == 1, let value = fields["Authorization"] else { return false }
            let parts = value.split(separator: " ", maxSplits: 1)
            guard parts.count == 2 else { return false }
            return accepted.contains("\(parts[0].lowercased()) \(parts[1])")
        }

        public var description: String { "\(accepted.count / 2) credentials" }
    }
}
