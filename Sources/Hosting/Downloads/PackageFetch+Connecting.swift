import AgentModel
import Basis
import Engine
import Metrics
import OpenSSL
import Packages
import Transport

/// Opening a connection for an attempt: as the agent's other connections are opened, through the same proxy and under
/// the same certificate.
///
/// As curl and Go's HTTP client do, a file of https is fetched through a tunnel that the proxy opens (CONNECT), one of
/// http by the proxy itself, which is asked for it with its whole address.
extension PackageFetch {
    /// Begins the next attempt.
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
        var tls: ConnectPlan.TLSRequest?
        if url.isSecure {
            guard let context = downloads.tls else {
                return failed(.downloadNotConnected, "TLS could not be set up", isWorthRetrying: false)
            }
            tls = ConnectPlan.TLSRequest(
                context: context, serverName: url.host, identity: route.identity,
                resumes: downloads.hasVisited(url, agent))
        }
        let sources = downloads.sources
        var timeouts = ConnectTimeouts.standard
        timeouts.tunnel = request.plan.stallTimeout
        let attempt = ConnectAttempt(
            ConnectPlan(
                address: address, source: sources.isEmpty ? nil : sources[Int(agent % UInt64(sources.count))],
                tunnel: url.isSecure ? route.proxy.map { (url.authority, $0.fields) } : nil, tls: tls,
                timeouts: timeouts, link: link(to: url)),
            at: shard.now)
        stage = .connecting(attempt)
        _ = attempt.begin(on: self)
    }

    /// The agent's link, with draws of their own for each file and attempt.
    private func link(to url: FileURL) -> LinkRoute? {
        route.link.map {
            let file = FNV1a.hash("\(url.host):\(url.port)\(url.target)".utf8)
            return LinkRoute($0, place: agent, connection: file &+ UInt64(attempts))
        }
    }

    func connecting(_ progress: ConnectAttempt.Progress) {
        switch progress {
        case .underWay: break
        case .ready: ask()
        case .failed(let error): connectFailed(error)
        }
    }

    func connectFailed(_ error: ConnectError) {
        if let name = error.name { metrics.count(named: name) }
        switch (error.phase, error.reason) {
        case (_, .proxy(let refusal)):
            failed(Counter(proxy: refusal), "\(refusal)", isWorthRetrying: refusal.isWorthRetrying)
        case (.tunnel, _):
            failed(.downloadNotConnected, "the proxy opened no tunnel: \(error.causeName)", isWorthRetrying: true)
        case (.dial, _), (.tls, _):
            let peer = route.proxy == nil || error.phase == .tls ? "the file's server" : "the proxy"
            failed(.downloadNotConnected, "\(peer) could not be reached: \(error.causeName)", isWorthRetrying: true)
        }
    }

    /// The connection is up: to the server, secured where it has to be, or to the proxy that is asked for the file.
    private func ask() {
        guard let url = transfer?.url else { return abort() }
        stage = .receiving
        idleTimeout = request.plan.stallTimeout
        if url.isSecure {
            downloads.visited(url, agent)
            metrics.count(named: isTLSResumed ? "download_handshakes_resumed" : "download_handshakes_full")
        }
        var bytes: [UInt8] = []
        transfer?.begin(askingProxy: url.isSecure ? nil : route.proxy?.fields, appendingRequestTo: &bytes)
        write(bytes.span.bytes)
    }
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

/// Which agents have had a TLS session with which servers of files: an agent resumes only its own.
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
