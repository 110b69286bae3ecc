import AgentModel
import Basis
import Schema

/// Describes a profile in text: its agents, its times, the load on the server, the needs on this machine.
///
/// A pure function of the profile; `muster check` prints it.
public struct PlanSummary: Sendable {
    public let profile: Profile
    public let load: LoadEstimate
    private let schedule: ArrivalSchedule
    private let population: Population
    private let shape: PopulationShape

    /// Of a profile that was read or overridden well.
    public init(_ profile: Profile) {
        self.profile = profile
        load = LoadEstimate(profile)
        schedule = ArrivalSchedule(profile)
        population = Population(profile)
        shape = PopulationShape(profile)
    }

    /// The narrowest text that is still laid out as a table.
    private static let narrowest = 40
    /// The connections that one source address gives to one destination: the ports 32768 to 60999 of Linux.
    private static let portsPerSource = 28_232

    /// The summary in lines of about `width` columns, ending with a line break.
    public func text(width: Int = 80) -> String {
        let width = max(width, Self.narrowest)
        var sections = [heading, cohorts, arrival(width)]
        if let gateways { sections.append(gateways) }
        if !profile.events.isEmpty { sections.append(events) }
        if let troubles { sections.append(troubles) }
        if let server = serverBehaviour { sections.append(server) }
        if let links { sections.append(links) }
        if let wire { sections.append(wire) }
        sections += [loadFigures, needs]
        return sections.map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
    }

    private var heading: [String] {
        var server = "the embedded server"
        if case .url(let url) = profile.server { server = url.description }
        var lines = [profile.description.isEmpty ? profile.name : "\(profile.name): \(profile.description)"]
        lines.append(
            "\(Figures.count(profile.agents)) agents against \(server) for \(profile.duration), "
                + "then up to \(profile.drain) to leave; seed \(profile.seed)")
        return lines
    }

    private var cohorts: [String] {
        var table = TextTable(header: ["Cohort", "agents", "share", "heartbeat", "first report", "reconnects"])
        for (cohort, part) in zip(profile.cohorts, load.parts) {
            table.append([
                cohort.name, Figures.count(part.agents),
                Figures.percent(Double(part.agents) / Double(max(profile.agents, 1))),
                part.interval.map { $0 > .zero ? "every \($0), \(cohort.heartbeat.phase.rawValue)" : "none" }
                    ?? "closed loop",
                Figures.binaryBytes(Double(part.firstReportBytes)), Self.words(for: cohort.reconnect),
            ])
        }
        return table.plainLines(leftColumns: [3, 5])
    }

    private static func words(for policy: ReconnectPolicy) -> String {
        switch policy {
        case .opampGo: return "as opamp-go"
        case .specificationMinimum: return "as the specification asks"
        case .longRandomDelay(let minimum, let maximum): return "after \(minimum) to \(maximum)"
        case .exponential(let initial, _, let maximum, _): return "\(initial) to \(maximum)"
        case .fixed(let delay): return "every \(delay)"
        }
    }

    private func arrival(_ width: Int) -> [String] {
        let peak = "at most about \(Figures.count(load.peakArrivals)) a second"
        let headline: String
        switch profile.arrival {
        case _ where !shape.parts.isEmpty:
            headline = "Agents over time, at most \(Figures.count(shape.peakAgents(in: profile.duration))) at once"
        case .allAtOnce: headline = "Arrival: all at once"
        case .ramp(let span): headline = "Arrival: evenly over \(span), \(peak)"
        case .endless(let rate):
            let mean = Churn(profile).map { Figures.count(Int($0.mean.rounded())) } ?? "?"
            headline = "Arrival: \(RateText.format(rate)) without an end; with their lifetimes \(mean) agents at once"
        case .poisson: headline = "Arrival: at random, the last one after \(load.arrivalEnd), \(peak)"
        case .stages(let stages):
            let words = stages.count == 1 ? "one stage" : "\(stages.count) stages"
            headline = "Arrival: in \(words), the last agent after \(load.arrivalEnd), \(peak)"
        }
        let columns = width - 4
        let levels = (1...columns).map { column in
            let time = profile.duration.scaled(by: Double(column) / Double(columns)) - Nanoseconds(1)
            return Double(shape.agents(at: time)) / Double(max(profile.agents, 1))
        }
        let (start, end) = ("0s", profile.duration.description)
        let gap = String(repeating: " ", count: max(columns - start.count - end.count, 1))
        return [headline, "  " + Sparkline.text(levels), "  " + start + gap + end]
    }

    private var events: [String] {
        ["Events"]
            + profile.orderedEvents.map { index, action in
                let words = EventWords.words(
                    for: action, agents: profile.agents, connections: population.connections)
                let skipped = profile.skips(action) ? "skipped, needs the embedded server: " : ""
                return "  \(profile.events[index].timeText(in: profile.duration)): \(skipped)\(words)"
            }
    }

    /// Which agents share connections.
    private var gateways: [String]? {
        let lines = profile.cohorts.indices.filter { profile.cohorts[$0].gatewayMembers > 0 }.map { index in
            let connections = Figures.count(population.connections(ofCohort: index))
            let agents = Figures.count(load.parts[index].agents)
            return "  the \(agents) agents of \(profile.cohorts[index].name) are behind \(connections) gateways, "
                + "each of them one of its agents, with up to \(profile.cohorts[index].gatewayMembers) others"
        }
        return lines.isEmpty ? nil : ["Gateways"] + lines
    }

    /// Which agents have health faults or injected faults, and which ones.
    private var troubles: [String]? {
        var lines: [String] = []
        for (cohort, part) in zip(profile.cohorts, load.parts) {
            func line(_ share: Double, _ what: String) {
                let count = Figures.count(Int((Double(part.agents) * share).rounded()))
                lines.append("  about \(count) of \(cohort.name) (\(ShareText.format(share))): \(what)")
            }
            for healthFault in cohort.health.healthFaults {
                let whom =
                    (healthFault.zone.map { ", those in \($0)" } ?? "")
                    + (healthFault.version.map { ", while they run \($0)" } ?? "")
                line(healthFault.share, words(for: healthFault.course) + whom)
            }
            for fault in Fault.allCases {
                if let rate = cohort.faults.rates[fault] { line(rate, fault.name) }
            }
        }
        return lines.isEmpty ? nil : ["Agents with faults"] + lines
    }

    private func words(for course: HealthProfile.Course) -> String {
        switch course {
        case .flapping(let up, let down):
            return "a component is up for \(Self.words(for: up)), down for \(Self.words(for: down)), and so on"
        case .decay(let each): return "a component fails every \(Self.words(for: each))"
        case .suddenDeath(let after): return "the collector's process ends after \(Self.words(for: after))"
        case .outage(let from, let length):
            let start = from.offset(in: profile.duration)
            return (start > .zero || length != nil ? "unhealthy from \(start)" : "unhealthy")
                + (length.map { " for \($0)" } ?? "")
        }
    }

    /// What the embedded server does beyond answering at once.
    private var serverBehaviour: [String]? {
        guard case .embedded(let server) = profile.server else { return nil }
        var lines: [String] = []
        if server.answerDelay != .constant(.zero) {
            lines.append("  answers after \(Self.words(for: server.answerDelay))")
        }
        for pause in server.pauses {
            lines.append("  sends no answers from \(pause.at.offset(in: profile.duration)) for \(pause.length)")
        }
        if let throttle = server.throttle {
            let wait = throttle.retryAfter.map { ", asking to wait \($0)" } ?? ""
            lines.append("  answers \(ShareText.format(throttle.share)) of the reports with UNAVAILABLE\(wait)")
        }
        if let refuse = server.refuse {
            let wait = refuse.retryAfter.map { ", asking to wait \($0)" } ?? ""
            lines.append("  refuses \(ShareText.format(refuse.share)) of the connections with \(refuse.status)\(wait)")
        }
        if let drop = server.drop {
            lines.append(
                "  drops \(ShareText.format(drop.share)) of the connections after \(Self.words(for: drop.after))")
        }
        if let interval = server.heartbeatInterval { lines.append("  offers heartbeats every \(interval)") }
        lines += Self.ways(of: server)
        return lines.isEmpty ? nil : ["The embedded server"] + lines
    }

    static func words(for delay: Distribution) -> String {
        switch delay {
        case .constant(let span): return "\(span)"
        case .uniform(let low, let high): return "\(low) to \(high)"
        case .exponential(let mean): return "\(mean) on average, exponentially distributed"
        case .logNormal(let median, let sigma):
            return "\(median) in the median, log-normally distributed with sigma \(NumberText.shortest(sigma))"
        case .quantiles: return "\(delay.mean) on average, by a table of quantiles"
        }
    }

    private var loadFigures: [String] {
        var lines = ["Load on the server, agents to server, WebSocket frames included"]
        lines.append(
            "  first reports   \(Figures.binaryBytes(Double(load.firstReportBytes))) in all, "
                + "at most about \(Figures.count(load.peakArrivals)) reports a second")
        if load.heartbeatsPerSecond > 0 {
            let rate = Figures.rate(load.heartbeatsPerSecond)
            let bytes = Figures.binaryBytes(load.heartbeatBytesPerSecond)
            lines.append("  heartbeats      \(rate) a second when all are there, \(bytes) a second")
        }
        if load.hasClosedLoop {
            lines.append("  closed loop     as many reports as the server answers")
        }
        let lockstep = zip(profile.cohorts, load.parts).filter {
            $0.0.heartbeat.phase == .lockstep && $0.1.interval != nil
        }
        if !lockstep.isEmpty {
            let agents = lockstep.reduce(0) { $0 + $1.1.agents }
            lines.append("  in lockstep     \(Figures.count(agents)) heartbeats at the same moment")
        }
        return lines
    }

    private var needs: [String] {
        let connections =
            profile.isPolling && !profile.wire.polling.isPerAgent
            ? min(profile.agents, profile.wire.polling.connections) : population.connections
        let sources = (connections + Self.portsPerSource - 1) / Self.portsPerSource
        let isEmbedded = if case .embedded = profile.server { true } else { false }
        var lines = ["Needed on this machine"]
        let both = isEmbedded ? ", two for each connection because the server runs here too" : ""
        lines.append("  file descriptors   about \(Figures.count(connections * (isEmbedded ? 2 : 1) + 64))\(both)")
        let given = max(profile.sources.count, 1)
        let enough = given >= sources ? "" : "; the profile gives \(given), add more under `sources`"
        lines.append("  source addresses   \(sources)\(enough)")
        return lines
    }
}
