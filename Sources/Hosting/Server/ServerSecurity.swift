public import Engine
public import OpenSSL
import Synchronization

/// How the embedded server secures its connections, and the authority by which it issues and withdraws certificates of
/// agents.
///
/// Shared by all shards. Revocations, which change during a run, are guarded by a lock that is not on the path of
/// messages.
public final class ServerSecurity: Sendable {
    private struct State {
        var context: TLSServerContext
        var revoked: [Certificate] = []
    }

    /// Issues what agents ask for and what is rotated; `nil`: this server issues nothing.
    public let authority: CertificateAuthority?
    /// How long the certificates that it issues are good for, seconds.
    public let certificateLifetimeSeconds: Int
    private let options: TLSServerOptions
    private let state: Mutex<State>

    /// - Throws: `TLSError` for certificates, keys or settings that cannot be used.
    public init(
        _ options: TLSServerOptions, authority: CertificateAuthority? = nil,
        certificateLifetimeSeconds: Int = 30 * 86_400
    ) throws(TLSError) {
        self.options = options
        self.authority = authority
        self.certificateLifetimeSeconds = max(certificateLifetimeSeconds, 1)
        state = Mutex(State(context: try TLSServerContext(options)))
    }

    /// What connections accepted now are secured by.
    public var context: TLSServerContext {
        state.withLock { $0.context }
    }

    /// Withdraws certificates of clients: from the next handshake on they are refused as revoked. Sessions of the time
    /// before are not resumed, so a revoked certificate cannot connect with an old ticket.
    /// - Returns: what the listeners are to secure new connections by; `nil` where there is nothing to withdraw, or no
    ///   way to.
    /// - Complexity: O(n) in the certificates that were ever withdrawn.
    public func revoke(_ certificates: [Certificate]) throws(TLSError) -> TLSServerContext? {
        guard let authority, !certificates.isEmpty else { return nil }
        let all = state.withLock { state in
            state.revoked += certificates
            return state.revoked
        }
        var options = options
        let list = try authority.revocationList(revoking: all)
        options.clientCertificates = options.clientCertificates.withdrawing(list)
        let context = try TLSServerContext(options)
        state.withLock { $0.context = context }
        return context
    }
}

extension TLSServerOptions.ClientCertificates {
    /// The same, with a further revocation list.
    fileprivate func withdrawing(_ list: String) -> TLSServerOptions.ClientCertificates {
        switch self {
        case .notAsked: return .notAsked
        case .optional(var trust):
            trust.revocationList = (trust.revocationList ?? "") + list
            return .optional(trust)
        case .required(var trust):
            trust.revocationList = (trust.revocationList ?? "") + list
            return .required(trust)
        }
    }
}
