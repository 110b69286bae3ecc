import AgentModel
import Basis
import Engine
import Metrics
import Packages
import Transport

/// Opening a connection for an attempt: as the agent's other connections are opened, through the same proxy and under the same
/// certificate.
///
/// As curl and Go's HTTP client do it, a file of https is fetched through a tunnel that the proxy opens (CONNECT), one of http
/// by the proxy itself, which is asked for it with its whole address.
extension PackageFetch {
    func attempt() {
        guard let url = transfer?.url else { return }
        retryAt = .distantFuture
        attempts += 1
        let number = attempts
        stage = .resolving(attempt: number)
        arm()
        do throws(TLSError) {
            route = try findRoute?(agent, url.isSecure) ?? DownloadRoute()
        } catch {
            metrics.count(named: "own certificate unusable")
            return failed(
                .downloadNotConnected, "the agent's own certificate cannot be used: \(error)", isWorthRetrying: false)
        }
        // A proxy finds the server by itself.
        if let proxy = route.proxy { return dial(proxy.address, url) }
        HostResolver.shared.resolve(url.host, port: url.port, on: shard) { [self] found in
            guard case .resolving(number) = stage else { return }
            switch found {
            case .success(let addresses) where !addresses.isEmpty:
                dial(addresses[Int(agent % UInt64(addresses.count))], url)
            case .success, .failure:
                metrics.count(named: "download_name_not_found")
                failed(
                    .downloadNotConnected, "the name of the file's server could not be resolved", isWorthRetrying: true)
            }
        }
    }

    private func dial(_ address: SocketAddress, _ url: FileURL) {
        stage = .connecting
        let context = url.isSecure ? downloads.tls : nil
        if url.isSecure, context == nil {
            return failed(.downloadNotConnected, "TLS could not be set up", isWorthRetrying: false)
        }
        let sources = downloads.sources
        let source = sources.isEmpty ? nil : sources[Int(agent % UInt64(sources.count))]
        // Behind a proxy TLS begins once there is a tunnel.
        let isDirect = route.proxy == nil
        connect(
            to: address, from: source, timeout: PackageFetch.dialTimeout, tls: isDirect ? context : nil,
            serverName: isDirect && url.isSecure ? url.host : nil, identity: isDirect ? route.identity : nil,
            resumes: downloads.hasVisited(url, agent))
    }

    /// The connection stands: to the server, secured where it has to be, or to the proxy in front of it.
    func reachedPeer() {
        guard let url = transfer?.url else { return abort() }
        guard case .connecting = stage, let proxy = route.proxy, url.isSecure else { return ask(url) }
        let tunnel = ProxyTunnel()
        var request: [UInt8] = []
        tunnel.appendRequest(authority: url.authority, fields: proxy.fields, to: &request)
        stage = .tunnelling(tunnel)
        idleTimeout = wish.plan.stallTimeout
        write(request.span.bytes)
    }

    /// Bytes from the proxy.
    func received(_ bytes: RawSpan, in tunnel: ProxyTunnel) {
        var (tunnel, offset) = (tunnel, 0)
        do throws(ProxyError) {
            let isOpen = try tunnel.next(bytes, at: &offset)
            stage = .tunnelling(tunnel)
            if isOpen { reachedServer() }
        } catch {
            noTunnel(error, nil)
        }
    }

    /// The proxy's tunnel stands: TLS begins in it.
    private func reachedServer() {
        guard let url = transfer?.url, let proxy = route.proxy, let context = downloads.tls else { return abort() }
        stage = .securing
        idleTimeout = nil
        secure(
            with: context, to: proxy.address, serverName: url.host, identity: route.identity,
            resumes: downloads.hasVisited(url, agent), timeout: PackageFetch.dialTimeout)
    }

    /// - Parameters:
    ///   - error: what the proxy said, or how it broke the protocol; nil: the connection to it ended by `cause`.
    func noTunnel(_ error: ProxyError?, _ cause: CloseCause?) {
        guard let error else {
            let name = cause?.name ?? "closed"
            return failed(.downloadNotConnected, "the proxy opened no tunnel: \(name)", isWorthRetrying: true)
        }
        metrics.count(named: error.name)
        failed(Counter(proxy: error), "\(error)", isWorthRetrying: error.isWorthRetrying)
    }

    private func ask(_ url: FileURL) {
        stage = .receiving
        idleTimeout = wish.plan.stallTimeout
        if url.isSecure {
            downloads.visited(url, agent)
            metrics.count(named: isTLSResumed ? "download_handshakes_resumed" : "download_handshakes_full")
        }
        var request: [UInt8] = []
        transfer?.begin(askingProxy: url.isSecure ? nil : route.proxy?.fields, appendingRequestTo: &request)
        write(request.span.bytes)
    }

    /// How long a connection may take to open.
    private static let dialTimeout = Nanoseconds.seconds(10)
}

extension ProxyError {
    /// Whether another attempt may do better: not where the proxy wants other credentials, or refuses on principle.
    fileprivate var isWorthRetrying: Bool {
        if case .refused(let refusal) = self {
            [408, 425, 429].contains(refusal.status) || refusal.status >= 500
        } else {
            true
        }
    }
}

/// Which agents have had a session with which servers of files: nobody resumes one that it has not had itself.
struct DownloadVisits {
    private struct Visit: Hashable {
        var agent: UInt64
        var host: String
        var port: UInt16
    }

    /// Visits that are remembered, some 48 bytes each; beyond them handshakes are full.
    private static let limit = 65_536
    private var visits: Set<Visit> = []

    mutating func note(_ url: FileURL, _ agent: UInt64) {
        guard visits.count < Self.limit else { return }
        visits.insert(Visit(agent: agent, host: url.host, port: url.port))
    }

    func knows(_ url: FileURL, _ agent: UInt64) -> Bool {
        visits.contains(Visit(agent: agent, host: url.host, port: url.port))
    }
}
