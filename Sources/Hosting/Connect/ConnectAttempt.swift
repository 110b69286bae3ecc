import Basis
import Engine
import Metrics
import OpenSSL
import Transport

/// The target of an attempt to connect, and the way to it.
struct ConnectPlan {
    /// The server's address, or that of the proxy in front of it.
    var address: SocketAddress
    /// The local address to connect from; `nil`: the system chooses.
    var source: SocketAddress?
    /// The server that a proxy at `address` is asked for a tunnel to (`host:port`), and what is for the proxy alone;
    /// `nil`: there is no proxy, or it is asked for no tunnel.
    var tunnel: (authority: String, fields: HTTPFields)?
    /// How the connection to the server is secured; `nil`: not at all.
    var tls: TLSRequest?
    var timeouts = ConnectTimeouts.standard
    /// The slow network that the connection goes over; `nil`: there is none.
    var link: LinkRoute?

    /// TLS as a client.
    struct TLSRequest {
        var context: TLSClientContext
        /// The name that the server's certificate must carry; `nil`: the address itself.
        var serverName: String?
        /// The certificate to show when asked.
        var identity: PackedIdentity?
        /// Whether an earlier session may be resumed.
        var resumes: Bool
    }
}

/// Performs a `ConnectStateMachine` on an endpoint. Exists only while a connection is being made. Confined to its
/// shard.
///
/// The endpoint passes on `connected`, `received` and `closed` until the attempt is ready or has failed. During the
/// phase `tunnel` the endpoint's idle timeout is the attempt's.
final class ConnectAttempt {
    enum Progress {
        case underWay
        /// The connection is up: to the server, secured where it has to be.
        case ready
        /// The connection is being aborted: `closed` follows.
        case failed(ConnectError)
    }

    @exclusivity(unchecked) private var machine: ConnectStateMachine
    /// Nil once nothing of it is needed: where neither a tunnel nor TLS follows, once TCP is on its way. By reference:
    /// of the thousands of attempts that may wait for their handshakes, each would leave a hole of the plan's size in
    /// the heap.
    @exclusivity(unchecked) private var plan: PlanReference?
    /// Where the spans of the phases and the tunnel's bytes are recorded; `nil`: nowhere.
    private let metrics: ShardMetrics?

    init(_ plan: ConnectPlan, at now: Instant, metrics: ShardMetrics? = nil) {
        self.plan = PlanReference(plan)
        self.metrics = metrics
        machine = ConnectStateMachine(
            usesProxy: plan.tunnel != nil, usesTLS: plan.tls != nil, timeouts: plan.timeouts, at: now)
    }

    /// What the attempt waits for; `nil` once it is over.
    var phase: ConnectStateMachine.Phase? { machine.phase }

    /// Starts to connect.
    /// - Returns: false, and nothing happens, where the endpoint is not idle or the shard is stopping.
    func begin(on endpoint: Endpoint) -> Bool {
        guard let plan = plan?.plan else { return false }
        // A timer of an attempt that was abandoned in its tunnel may be left.
        endpoint.idleTimeout = nil
        if plan.tunnel == nil, plan.tls == nil { self.plan = nil }
        return endpoint.connect(to: plan.address, from: plan.source, timeout: plan.timeouts.dial, link: plan.link)
    }

    /// The endpoint is connected, or secured.
    func connected(on endpoint: Endpoint) -> Progress {
        let now = endpoint.shard.now
        let span = now - machine.phaseBegan
        switch machine.phase {
        case .dial: metrics?.record(.connect, span)
        case .tls:
            // The handshake may have had to wait for others of this side.
            let began = max(endpoint.shard.handshakeBegan, machine.phaseBegan)
            if began > machine.phaseBegan { metrics?.record(.tlsQueue, began - machine.phaseBegan) }
            metrics?.recordHandshake(now - began, isResumed: endpoint.isTLSResumed)
        case .tunnel, nil: break
        }
        return perform(machine.connected(at: now), on: endpoint)
    }

    /// Bytes have come while the attempt was under way; those from `offset` on are the caller's once it is ready.
    func received(_ bytes: RawSpan, at offset: inout Int, on endpoint: Endpoint) -> Progress {
        perform(machine.received(bytes, at: &offset, now: endpoint.shard.now), on: endpoint)
    }

    /// The connection has ended before it was ready.
    func closed(_ cause: CloseCause) -> ConnectError {
        machine.closed(cause)
    }

    private func perform(_ action: ConnectStateMachine.Action, on endpoint: Endpoint) -> Progress {
        switch action {
        case .wait:
            // The deadline stays where it is, although bytes have come.
            if machine.phase == .tunnel { watchDeadline(of: endpoint) }
            return .underWay
        case .requestTunnel:
            requestTunnel(on: endpoint)
            return .underWay
        case .startTLS:
            endpoint.idleTimeout = nil
            if let plan = plan.take()?.plan, let tls = plan.tls {
                endpoint.secure(
                    with: tls.context, to: plan.address, serverName: tls.serverName, identity: tls.identity,
                    resumes: tls.resumes, timeout: plan.timeouts.tls)
            }
            return .underWay
        case .finish:
            if plan?.plan.tunnel != nil { endpoint.idleTimeout = nil }
            return .ready
        case .fail(let error):
            endpoint.abort()
            return .failed(error)
        }
    }

    private func requestTunnel(on endpoint: Endpoint) {
        guard let tunnel = plan?.plan.tunnel else { return }
        var request: [UInt8] = []
        ProxyTunnel().appendRequest(authority: tunnel.authority, fields: tunnel.fields, to: &request)
        metrics?.count(.bytesSent, request.count)
        watchDeadline(of: endpoint)
        endpoint.write(request.span.bytes)
    }

    /// A peer that is silent until the deadline has the endpoint ended.
    private func watchDeadline(of endpoint: Endpoint) {
        guard let deadline = machine.deadline else { return }
        endpoint.idleTimeout = max(deadline - endpoint.shard.now, .milliseconds(1))
    }
}

private final class PlanReference {
    let plan: ConnectPlan

    init(_ plan: ConnectPlan) {
        self.plan = plan
    }
}
