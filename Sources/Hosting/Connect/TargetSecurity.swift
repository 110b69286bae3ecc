public import Engine
public import OpenSSL

/// How outgoing connections to a target are secured: the trust and the sessions that all of them share, the name that
/// the server's certificate must contain, and the certificates that the agents show.
///
/// `nil` in the place of one means plaintext.
public struct TargetSecurity: Sendable {
    public let context: TLSClientContext
    /// What SNI asks for and the server's certificate must carry; `nil`: the address that is connected to.
    public let serverName: String?
    /// Where each agent's own certificate comes from; `nil`: all show the context's, or none.
    public let identities: (any AgentIdentities)?

    public init(context: TLSClientContext, serverName: String?, identities: (any AgentIdentities)? = nil) {
        self.context = context
        self.serverName = serverName
        self.identities = identities
    }

    /// TLS to the target.
    func request(identity: PackedIdentity?, resumes: Bool) -> ConnectPlan.TLSRequest {
        ConnectPlan.TLSRequest(context: context, serverName: serverName, identity: identity, resumes: resumes)
    }

    /// The same where a certificate was offered that cannot be used: every attempt to connect fails with an error of
    /// TLS.
    public func showingNothingUsable() -> TargetSecurity {
        TargetSecurity(context: context, serverName: serverName, identities: NothingUsable())
    }

    /// The same where no agent shows a certificate of its own.
    public func showingNone() -> TargetSecurity {
        TargetSecurity(context: context, serverName: serverName)
    }

    /// The same with another certificate for every agent that connects by it: one that a server has offered.
    public func showing(_ identity: PackedIdentity) -> TargetSecurity {
        TargetSecurity(context: context, serverName: serverName, identities: OneIdentity(identity: identity))
    }
}

/// The client certificates of a fleet.
public protocol AgentIdentities: Sendable {
    /// The certificate of an agent, issued if it has none yet. May be called on any thread.
    /// - Returns: `nil` where the agents of the cohort show none.
    func identity(of agent: UInt64, cohort: String) throws(TLSError) -> PackedIdentity?

    /// Whether all agents of a cohort show the same certificate.
    func isShared(by cohort: String) -> Bool
}

/// A certificate that was offered and is invalid, or is for a key that the agent does not have.
private struct NothingUsable: AgentIdentities {
    func identity(of agent: UInt64, cohort: String) throws(TLSError) -> PackedIdentity? { throw .keyMismatch }

    func isShared(by cohort: String) -> Bool { false }
}

/// The same certificate for all agents.
struct OneIdentity: AgentIdentities {
    let identity: PackedIdentity

    func identity(of agent: UInt64, cohort: String) throws(TLSError) -> PackedIdentity? { identity }

    func isShared(by cohort: String) -> Bool { false }
}
