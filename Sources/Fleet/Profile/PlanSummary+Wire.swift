import Basis
import Schema

/// Describes how the fleet's connections are made and used. Of secrets it shows only the source.
extension PlanSummary {
    var wire: [String]? {
        let wire = profile.wire
        var lines: [String] = []
        if profile.isPolling {
            let connections = "all agents over at most \(Figures.count(wire.polling.connections)) connections"
            lines.append(
                "  polls over plain HTTP, "
                    + (wire.polling.isPerAgent ? "each agent over a connection of its own" : connections))
        }
        lines += ways(of: wire)
        var all = lines.isEmpty ? [] : ["The fleet's connections"] + lines
        for cohort in profile.cohorts where cohort.wire != CohortWire() {
            let own = ways(of: profile.wire(of: cohort))
            all.append("The connections of \(cohort.name)")
            all += own.isEmpty ? ["  plain, straight, without credentials"] : own
        }
        return all.isEmpty ? nil : all
    }

    private func ways(of wire: WireProfile) -> [String] {
        var lines: [String] = []
        let compression = wire.compression
        if !profile.isPolling, compression.websocket { lines.append("  offers permessage-deflate") }
        if profile.isPolling, compression.requests != .plain {
            lines.append("  sends request bodies in \(compression.requests.rawValue)")
        }
        if !wire.headers.isEmpty {
            lines.append("  sends the headers \(wire.headers.map(\.name).joined(separator: ", "))")
        }
        if let auth = wire.auth { lines.append("  shows \(Self.words(for: auth))") }
        if let proxy = wire.proxy {
            let auth = proxy.auth.map { ", to which it shows \(Self.words(for: $0))" } ?? ""
            lines.append("  goes through the proxy \(proxy.url.bracketedHost):\(proxy.url.port)\(auth)")
        }
        return lines
    }

    /// What is particular about the embedded server's connections.
    static func ways(of server: EmbeddedServer) -> [String] {
        var lines: [String] = []
        if !server.compression { lines.append("  declines all compression") }
        if server.closesConnections { lines.append("  closes HTTP connections after every answer") }
        if let span = server.idleTimeout { lines.append("  closes HTTP connections that rest for \(span)") }
        if let span = server.silentTimeout { lines.append("  ends WebSockets whose agents are silent for \(span)") }
        if let bytes = server.largestMessage { lines.append("  takes messages of up to \(SizeText.format(bytes))") }
        if let source = server.credentials { lines.append("  requires credentials from \(words(for: source))") }
        return lines
    }

    private static func words(for auth: AuthProfile) -> String {
        switch auth {
        case .bearer(.text): "a bearer token generated for each agent"
        case .bearer(.secret(let source)): "a bearer token from \(words(for: source))"
        case .basic(let user, let password): "Basic credentials of \(user), the password from \(words(for: password))"
        }
    }

    private static func words(for source: SecretSource) -> String {
        switch source {
        case .environment(let name): "the environment variable \(name)"
        case .file(let path): path
        }
    }
}
