import AgentModel
import Basis
import OpAMP
import Testing

@testable import Fleet
@testable import Observing

/// From a fleet with a known profile to a profile, in virtual time: no figure depends on the machine.
@Suite("Profiles that are learned from a fleet")
struct ObservedProfileTests {
    /// Two kinds of agents that differ in everything that is learned.
    private static func known() -> Profile {
        var profile = Profile.standard
        profile.agents = 200
        profile.duration = .seconds(150)
        profile.arrival = .ramp(over: .seconds(15))
        var edge = CohortProfile()
        edge.name = "edge-1.2.0"
        edge.weight = CohortWeight(whole: 3)
        edge.identifying = [
            AttributeTemplate(key: "service.name", text: "edge"),
            AttributeTemplate(key: "service.version", text: "1.2.0"),
        ]
        edge.heartbeat = HeartbeatProfile(interval: .seconds(5), jitter: 0.2)
        edge.report.effectiveConfigBytes = 3_000
        edge.report.healthPipelines = 2
        edge.lifetime = .exponential(mean: .seconds(30))
        var gateway = CohortProfile()
        gateway.name = "gateway-2.0.0"
        gateway.identifying = [
            AttributeTemplate(key: "service.name", text: "gateway"),
            AttributeTemplate(key: "service.version", text: "2.0.0"),
        ]
        gateway.heartbeat = HeartbeatProfile(interval: .seconds(2), phase: .fromConnection)
        gateway.report.effectiveConfigBytes = 12_000
        gateway.report.healthPipelines = 6
        gateway.wire.compression = .on
        profile.cohorts = [edge, gateway]
        return profile
    }

    private static let server = ServerURL(host: "server.example")

    /// What is seen of the known fleet; played once.
    private static let seen = VirtualObservation.watch(known())

    private static func learned(from observation: Observation = seen) throws -> ObservedProfile {
        try #require(ObservedProfile(observation, server: server))
    }

    /// Whether a figure is within five per cent of the known one.
    private static func isNear(_ value: Double, _ known: Double) -> Bool { abs(value - known) <= 0.05 * known }

    @Test("The figures of a learned profile are within 5 % of those of the fleet's own")
    func knownFleet() throws {
        let known = Self.known()
        let profile = try Self.learned().profile
        #expect(profile.agents == known.agents)
        #expect(Self.isNear(profile.duration.seconds, known.duration.seconds), "\(profile.duration)")
        guard case .ramp(let ramp) = profile.arrival else { return #expect(Bool(false), "\(profile.arrival)") }
        #expect(Self.isNear(ramp.seconds, 15), "\(ramp)")
        #expect(profile.population.isEmpty)
        try #require(profile.cohorts.map(\.name) == known.cohorts.map(\.name))
        for (cohort, own) in zip(profile.cohorts, known.cohorts) {
            #expect(Self.isNear(cohort.heartbeat.interval.seconds, own.heartbeat.interval.seconds), "\(own.name)")
            #expect(abs(cohort.heartbeat.jitter - own.heartbeat.jitter) <= 0.011, "\(cohort.heartbeat)")
            #expect(cohort.heartbeat.phase == own.heartbeat.phase)
            #expect(cohort.report.effectiveConfigBytes == own.report.effectiveConfigBytes)
            #expect(cohort.report.healthPipelines == own.report.healthPipelines)
            #expect(cohort.identifying == own.identifying)
        }
        let weights = profile.cohorts.map { Double($0.weight.thousandths) }
        #expect(Self.isNear(weights[0] / weights[1], 3), "\(weights)")
        #expect(profile.cohorts[0].wire.compression == nil)
        #expect(profile.cohorts[1].wire.compression?.websocket == true)
        #expect(profile.cohorts[1].lifetime == nil)
        #expect(profile.cohorts[0].leave == LeavePlan(.reset, then: .replaced(.constant(.zero))))
        let lifetime = try #require(profile.cohorts[0].lifetime)
        // Some 600 lives: 5 % is 1.3 standard errors, and the seed is fixed.
        #expect(Self.isNear(lifetime.mean.seconds, 30), "\(lifetime)")
    }

    @Test("A run of the learned profile has the series of the first: reports and agents, step by step")
    func again() throws {
        let first = Self.seen
        let second = VirtualObservation.watch(try Self.learned().profile)
        let counts = (first.population.counts, second.population.counts)
        #expect(abs(counts.0.count - counts.1.count) <= 2)
        for (step, pair) in zip(counts.0, counts.1).enumerated() {
            #expect(abs(pair.0 - pair.1) <= 15, "step \(step): \(pair)")
        }
        for (one, other) in zip(first.cohorts, second.cohorts) {
            #expect(Self.isNear(Double(other.reports), Double(one.reports)), "\(one.reports), \(other.reports)")
        }
    }

    @Test("The text of a learned profile is read back as the same profile")
    func text() throws {
        let learned = try Self.learned()
        let read = try ProfileReader().read(text: learned.text, source: "observed.yaml")
        #expect(read == learned.profile)
    }

    @Test(
        "A distribution that is neither constant nor even nor exponential is written as a table of quantiles",
        arguments: [Distribution.logNormal(median: .seconds(20), sigma: 0.4)])
    func quantiles(_ lifetime: Distribution) throws {
        var known = Self.known()
        known.cohorts[0].lifetime = lifetime
        let profile = try Self.learned(from: VirtualObservation.watch(known)).profile
        let learned = try #require(profile.cohorts[0].lifetime)
        guard case .quantiles(let table) = learned else { return #expect(Bool(false), "\(learned)") }
        #expect(Self.isNear(learned.mean.seconds, lifetime.mean.seconds), "\(learned.mean), \(table)")
        let read = try ProfileReader().read(text: profile.resolvedYAML, source: "observed.yaml")
        #expect(read.cohorts[0].lifetime == learned)
    }

    @Test(
        "What agents do not declare to report, learned agents have none of",
        arguments: [
            ([.reportsStatus, .reportsHeartbeat], [0, 0, 0]),
            ([.reportsStatus, .reportsEffectiveConfig], [ReportSizes().effectiveConfigBytes, 0, 0]),
            ([.reportsStatus, .reportsAvailableComponents], [0, ReportSizes().availableComponents, 0]),
            ([.reportsStatus, .reportsHealth], [0, 0, ReportSizes().healthPipelines]),
        ] as [(AgentCapabilities, [Int])])
    func undeclared(capabilities: AgentCapabilities, sizes: [Int]) {
        var key = CohortKey(serviceName: "small")
        key.capabilities = capabilities
        let figures = CohortFigures(key: key, start: .zero, seed: 1)
        let cohort = ObservedCohort(
            figures: figures, lives: ObservedLives(figures, drops: []), attributes: [])
        let report = cohort.profile(named: "small", weight: CohortWeight(whole: 1), isShaped: false).report
        #expect([report.effectiveConfigBytes, report.availableComponents, report.healthPipelines] == sizes)
    }

    @Test("The product's own agents break no rule, and neither does the embedded server")
    func conformance() {
        let observation = Self.seen
        #expect(observation.cohorts.allSatisfy { $0.violations.isEmpty }, "\(observation.cohorts.map(\.violations))")
        #expect(observation.serverViolations.isEmpty, "\(observation.serverViolations)")
        #expect(observation.unreadable == 0)
        #expect(observation.unwatched.isEmpty)
    }
}
