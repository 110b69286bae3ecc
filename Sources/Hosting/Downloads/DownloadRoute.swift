import AgentModel
import Engine
import OpenSSL
import Transport

/// How one attempt at a file connects: through the proxy that the agent's other connections go through, and under the
/// certificate that they show.
struct DownloadRoute: Sendable {
    /// Where the proxy is, and what is for it alone; nil: straight to the file's server.
    var proxy: (address: SocketAddress, fields: HTTPFields)?
    /// What is shown to a server that asks for a certificate.
    var identity: PackedIdentity?
    /// The slow network that the agent's other connections go over; nil: there is none.
    var link: LinkPlan?

    /// Finds the route of an attempt when it begins: by then the agent may have another certificate than when it
    /// requested the file.
    typealias Finder = (_ agent: UInt64, _ isSecure: Bool) throws(TLSError) -> DownloadRoute
}

extension Link {
    /// How `agent` fetches files: the link's own agent, or one behind its gateway, which has a certificate of its own
    /// where every agent has.
    func downloadRoute(of agent: UInt64, isSecure: Bool) throws(TLSError) -> DownloadRoute {
        let target = place.target
        var route = DownloadRoute(proxy: target.proxyEntry(of: agent), link: target.link)
        guard isSecure else { return route }
        if agent == self.agent.index {
            route.identity = try packedIdentity(for: target)
        } else {
            let cohort = self.agent.cohort.plan.name
            route.identity = try host.identities(for: target)?.identity(of: agent, cohort: cohort)
        }
        return route
    }
}

extension AgentTarget {
    /// The proxy on the way of agent `index`, where there is one.
    fileprivate func proxyEntry(of index: UInt64) -> (address: SocketAddress, fields: HTTPFields)? {
        proxy.map { (address(of: index), $0.fields) }
    }
}
