import Metrics

/// Why agents get no connection that is of use to them: in words, with the remedy.
struct ConnectProblem: Equatable {
    let counter: Counter
    /// The status of HTTP that the server answers with, where it does.
    let status: String?

    /// The most frequent reason; nil if there were no failures.
    static func prevailing(in counters: CounterTable, _ named: NamedCounters) -> ConnectProblem? {
        guard
            let counter = Counter.errors.filter({ isReason($0) && counters[$0] > 0 })
                .max(by: { counters[$0] < counters[$1] })
        else { return nil }
        let status = named.sorted.filter { $0.name.hasPrefix(statusPrefix) }.max { $0.count < $1.count }
        return ConnectProblem(counter: counter, status: status.map { String($0.name.dropFirst(statusPrefix.count)) })
    }

    /// How the names begin under which refused upgrades and requests are counted by their status.
    private static let statusPrefix = "http_status_"

    private static func isReason(_ counter: Counter) -> Bool {
        switch counter {
        case .outOfDescriptors, .outOfPorts, .answersLost, .writeOverflow, .poolTimeouts, .skippedHeartbeats,
            .outOfRange, .unanswered, .pollsWithoutConnection:
            false
        default:
            !counter.name.hasPrefix("download_") && !counter.name.hasPrefix("telemetry_")
                && !counter.name.hasPrefix("package_")
        }
    }

    func words(_ endpoint: String) -> String {
        switch counter {
        case .connectRefused: "nothing listens at \(endpoint)"
        case .connectTimedOut: "\(endpoint) does not answer connection requests"
        case .connectUnreachable: "there is no route to \(endpoint)"
        case .dnsFailure: "the name in \(endpoint) cannot be resolved"
        case .reset, .peerClosed, .upgradeClosed: "\(endpoint) closes connections before it answers"
        case .proxyUnauthorized: "the proxy in front of \(endpoint) requires credentials (407)"
        case .proxyRefused, .proxyMalformed: "the proxy opens no tunnel to \(endpoint)"
        case .upgradeTimedOut: "\(endpoint) accepts connections, but does not answer the WebSocket upgrade"
        case .upgradeMalformed, .responseMalformed: "\(endpoint) does not answer as an OpAMP server: \(counter.title)"
        case _ where counter.name.hasPrefix("upgrade_") || counter.name.hasPrefix("request_"):
            "\(endpoint) refuses agents with HTTP \(status ?? "status: \(counter.title)")"
        case _ where counter.name.hasPrefix("tls_"): "TLS with \(endpoint) fails: \(counter.summary)"
        default: "\(endpoint) cannot be used: \(counter.title)"
        }
    }

    var remedy: String {
        switch counter {
        case .connectRefused: "start the server, or check the address and the port"
        case .connectTimedOut, .connectUnreachable: "check the address, the network and firewalls on the way"
        case .dnsFailure: "check the name"
        case .reset, .peerClosed, .upgradeClosed, .upgradeMalformed, .responseMalformed:
            "check that an OpAMP server listens there, and whether it expects TLS (wss://)"
        case .proxyUnauthorized, .proxyRefused, .proxyMalformed: "check --proxy and its credentials"
        case .upgradeUnauthorized, .requestUnauthorized: "give credentials with --token-file or --header"
        case .upgradeForbidden, .requestForbidden: "check the rights of the credentials that are given"
        case .upgradeRedirected, .requestRedirected: "give the address that it redirects to"
        case .upgradeRefused4xx, .requestRefused4xx: "check the path in the address (/v1/opamp is usual)"
        case .tlsUnknownAuthority, .tlsSelfSigned: "name the server's authority with --tls-ca"
        case .tlsWrongHost: "give the name in its certificate with --tls-server-name"
        case .tlsClientRefused: "give a certificate that it accepts with --tls-cert and --tls-key"
        case .tlsPeerNotTls: "use ws:// or http:// for a server without TLS"
        case .tlsPinMismatch: "check --tls-pin"
        default: "check the server and the address"
        }
    }
}
