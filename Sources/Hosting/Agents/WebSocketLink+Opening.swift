import AgentModel
import Basis
import Engine
import Metrics
import Transport

/// Opening a connection: TCP, a proxy's tunnel where the target has one, the upgrade.
extension WebSocketLink {
    /// TCP stands: to the server, or to the proxy in front of it.
    func reachedPeer() {
        let target = place.target
        guard let proxy = target.proxy else { return beginUpgrade() }
        let tunnelling = Tunnelling()
        stage = .tunnelling(tunnelling)
        tunnelling.tunnel.appendRequest(authority: target.host, fields: proxy.fields, to: &host.output)
        flush()
    }

    /// Bytes from the proxy. Once there is a tunnel, what follows comes from the server.
    func finish(_ tunnelling: Tunnelling, _ bytes: RawSpan, _ offset: inout Int) {
        do throws(ProxyError) {
            guard try tunnelling.tunnel.next(bytes, at: &offset) else { return }
            reachedServer()
        } catch {
            stage = .offline
            abort()
            host.metrics.count(proxy: error)
            if case .refused(let refusal) = error {
                let wait = refusal.retryAfter.map { after in
                    Nanoseconds.seconds(Int64(after.seconds(from: host.unixSeconds)))
                }
                tell(.upgradeRefused(status: Int(refusal.status), retryAfter: wait))
            } else {
                tell(.connectionFailed(.other))
            }
        }
    }

    /// The proxy's tunnel stands: TLS begins in it, where the target is secured.
    private func reachedServer() {
        let target = place.target
        guard let security = target.security else { return beginUpgrade() }
        do throws(TLSError) {
            let identity = try identity(for: target)
            stage = .securing(shard.now)
            secure(
                with: security.context, to: target.address(of: agent.index), serverName: security.serverName,
                identity: identity, resumes: hasConnected, timeout: agent.cohort.plan.connectTimeout)
        } catch {
            stage = .offline
            abort()
            hasNoIdentity()
        }
    }

    /// A certificate of its own that cannot be made or used: the attempt has failed before it began.
    func hasNoIdentity() {
        host.metrics.count(.tlsOther)
        host.metrics.count(named: "own certificate unusable")
        tell(.connectionFailed(.tls))
    }

    /// The certificate to show, where the target asks agents for one of their own.
    func identity(for target: AgentTarget) throws(TLSError) -> PackedIdentity? {
        guard target.security?.identities != nil else { return nil }
        return try packedIdentity(for: target)
    }

    /// The agent's certificate: on connections to `target`, and to the servers of files.
    func packedIdentity(for target: AgentTarget) throws(TLSError) -> PackedIdentity? {
        guard let identities = host.identities(for: target) else { return nil }
        let (index, cohort) = (agent.index, agent.cohort.plan.name)
        if offered != nil { return try identities.identity(of: index, cohort: cohort) }
        if identity == nil { identity = try identities.identity(of: index, cohort: cohort) }
        return identity
    }

    /// Asks the server for a WebSocket.
    func beginUpgrade() {
        let target = place.target
        let offer = target.compression.offersDeflate ? DeflateOffer() : nil
        let upgrade = Upgrade(
            handshake: WebSocketClientHandshake(nonce: host.handshakeNonce(), offer: offer), began: shard.now)
        stage = .upgrading(upgrade)
        upgrade.handshake.appendRequest(
            target: target.path, host: target.host, fields: host.fields(of: agent, to: target), to: &host.output)
        flush()
    }
}

/// A tunnel under way: rare, so it stands on the heap while it lasts.
final class Tunnelling {
    var tunnel = ProxyTunnel()
}

extension ShardMetrics {
    /// Counts why a proxy opened no tunnel.
    func count(proxy error: ProxyError) {
        count(Counter(proxy: error))
        count(named: error.name)
    }
}

extension Counter {
    /// Under which error it is counted that a proxy opened no tunnel.
    init(proxy error: ProxyError) {
        switch error {
        case .refused(let refusal): self = .forProxyRefusal(status: Int(refusal.status))
        case .http, .closed, .earlyBytes: self = .proxyMalformed
        }
    }
}

extension AgentHost {
    /// The fields of an upgrade or request of `agent`: the target's, and the agent's own as far as the target does not name them.
    func fields(of agent: Agent, to target: AgentTarget) -> HTTPFields {
        var fields = target.fields
        let failed = target.agentFields.append(of: agent, except: target.fields, to: &fields)
        if failed > 0 { metrics.count(named: "header_not_sendable", UInt64(failed)) }
        return fields
    }
}
