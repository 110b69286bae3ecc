import AgentModel
import Basis
public import Observing
import OpAMP

/// A profile from what was seen of a real fleet: a run of it is like the fleet.
public struct ObservedProfile {
    public let profile: Profile
    /// The figures behind it, line by line, for the comments of the file.
    public let figures: [String]

    /// `nil` where no agent was seen.
    /// - Parameter server: the server that the profile names.
    public init?(_ observation: Observation, server: ServerURL) {
        guard let shape = ObservedShape(observation) else { return nil }
        var profile = Profile.standard
        profile.name = "observed"
        profile.description = "Learned from \(observation.agents) agents by muster observe."
        profile.agents = max(shape.agents, 1)
        profile.duration = max(shape.duration, .milliseconds(100))
        profile.arrival = shape.arrival
        let polling = observation.cohorts.reduce(0) { $0 + $1.polling }
        let polls = polling * 2 > observation.agents
        profile.server = .url(Self.url(server, polls: polls))
        let drops = ObservedDrop.all(in: observation.cohorts, of: profile.agents)
        let lives = observation.cohorts.map { ObservedLives($0, drops: drops) }
        profile.population = shape.stages(lives.first?.leave ?? LeavePlan())
        var names: Set<String> = []
        profile.cohorts = zip(observation.cohorts, lives).prefix(Self.maxCohorts).map { figures, lives in
            let cohort = ObservedCohort(figures: figures, lives: lives, attributes: observation.attributes)
            return cohort.profile(
                named: Self.name(of: figures.key, among: &names), weight: Self.weight(of: figures, in: shape.fullSteps),
                isShaped: !profile.population.isEmpty)
        }
        if polls { Self.setPolling(of: &profile, observation) }
        if let first = observation.firstReport {
            profile.events = drops.compactMap { drop in
                let at = drop.first - first
                guard at < profile.duration else { return nil }
                return TimedEvent(
                    at: .after(.milliseconds(max(at, .zero).count / 1_000_000)),
                    action: .dropConnections(share: drop.share))
            }
        }
        self.profile = profile
        figures = ObservedFigures(observation, names: profile.cohorts.map(\.name)).lines
    }

    /// The file: the figures in comments, then the profile, each key that differs from its default.
    public var text: String {
        figures.map { $0.isEmpty ? "#\n" : "# \($0)\n" }.joined() + "\n" + profile.resolvedYAML
    }

    private static func url(_ url: ServerURL, polls: Bool) -> ServerURL {
        var url = url
        switch (polls, url.isSecure) {
        case (true, true): url.scheme = .https
        case (true, false): url.scheme = .http
        case (false, true): url.scheme = .wss
        case (false, false): url.scheme = .ws
        }
        return url
    }

    /// Agents without heartbeats poll all the same.
    private static func setPolling(of profile: inout Profile, _ observation: Observation) {
        let silent = observation.cohorts.first { !$0.key.capabilities.contains(.reportsHeartbeat) }
        guard let gap = silent?.heartbeatGaps.quantiles?.median, gap > 0 else { return }
        profile.wire.polling.interval = max(Nanoseconds.milliseconds(Int64(gap * 1_000)), .milliseconds(10))
    }

    /// How many of the agents belong to the cohort while the fleet is whole.
    private static func weight(of cohort: CohortFigures, in steps: [Int]) -> CohortWeight {
        let counts = cohort.population.counts
        let full = steps.compactMap { counts.indices.contains($0) ? counts[$0] : nil }
        let mean = full.isEmpty ? Double(cohort.agents) : Double(full.reduce(0, +)) / Double(full.count)
        return CohortWeight(whole: Int(mean.rounded()))
    }

    /// A name that a profile may use: the last part of the service's name, with the version, and a number where that is
    /// not distinct.
    private static func name(of key: CohortKey, among names: inout Set<String>) -> String {
        let service = key.serviceName.split(separator: ".").last.map(String.init) ?? "agents"
        let whole = key.serviceVersion.isEmpty ? service : "\(service)-\(key.serviceVersion)"
        let isAllowed = { (character: Character) in
            character.isASCII && (character.isLetter || character.isNumber || "-_.".contains(character))
        }
        let allowed = String(whole.map { isAllowed($0) ? $0 : "-" }.prefix(maxName))
        let base = allowed.first.map { $0.isLetter || $0.isNumber } == true ? allowed : "agents"
        var name = base
        var number = 2
        while !names.insert(name).inserted {
            name = "\(base)-\(number)"
            number += 1
        }
        return name
    }

    /// What a profile may have.
    private static let maxCohorts = 100
    private static let maxName = 80
}
