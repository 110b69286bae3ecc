import AgentModel
import Basis
import OpAMP
import OrderedCollections
import Testing

@testable import Observing

/// What a watch makes of reports, losses and returns.
@Suite("Watching a fleet")
struct FleetObserverTests {
    private static let uid = InstanceUID(high: 0x1234, low: 1)

    private static func second(_ number: Int64) -> Instant { .zero + .seconds(number) }

    private static func full(_ uid: InstanceUID = uid, sequence: UInt64 = 0) -> [UInt8] {
        var report = AgentToServer()
        report.instanceUID = .uid(uid)
        report.sequenceNumber = sequence
        report.capabilities = [.reportsStatus, .reportsHeartbeat, .reportsEffectiveConfig, .reportsHealth]
        report.agentDescription = AgentDescription(
            identifyingAttributes: [
                KeyValue(key: "service.name", value: .string("edge")),
                KeyValue(key: "service.version", value: .string("1.0")),
                KeyValue(key: "tenant", value: .string("hidden-tenant")),
            ],
            nonIdentifyingAttributes: [KeyValue(key: "region", value: .string("shown-region"))])
        report.effectiveConfig = EffectiveConfig(
            configMap: AgentConfigMap(configMap: ["main": AgentConfigFile(body: Array("password: hidden-word".utf8))]))
        report.health = ComponentHealth(healthy: true)
        return report.encoded()
    }

    private static func heartbeat(_ uid: InstanceUID = uid, sequence: UInt64) -> [UInt8] {
        var report = AgentToServer()
        report.instanceUID = .uid(uid)
        report.sequenceNumber = sequence
        report.capabilities = [.reportsStatus, .reportsHeartbeat, .reportsEffectiveConfig, .reportsHealth]
        return report.encoded()
    }

    private static func webSocket(at time: Instant) -> SeenConnection {
        var connection = SeenConnection(openedAt: time)
        connection.transport = .webSocket
        return connection
    }

    private static func report(
        _ bytes: [UInt8], _ fleet: inout FleetObserver, _ connection: inout SeenConnection, at second: Int64
    ) {
        fleet.reported(bytes.span.bytes, FleetObserver.Sending(), on: &connection, at: Self.second(second))
    }

    @Test(
        "An agent that is back in time has reconnected; one that is not has left when it was lost",
        arguments: [30, 500])
    func comesBack(after pause: Int64) {
        var fleet = FleetObserver(start: .zero)
        var connection = Self.webSocket(at: Self.second(1))
        Self.report(Self.full(), &fleet, &connection, at: 1)
        fleet.ended(connection, .agentReset, at: Self.second(10))
        for second in 10...(10 + pause) { fleet.passed(to: Self.second(second)) }
        var next = Self.webSocket(at: Self.second(10 + pause))
        Self.report(Self.full(sequence: 1), &fleet, &next, at: 10 + pause)
        let cohort = fleet.observation(at: Self.second(20 + pause)).cohorts[0]
        let hasLeft = Nanoseconds.seconds(pause) > ObservingLimits().returnTime
        #expect(cohort.reconnects == (hasLeft ? 0 : 1))
        #expect(cohort.lives.kept.map(\.span) == (hasLeft ? [9] : []))
        #expect(cohort.lives.kept.map(\.way) == (hasLeft ? [.reset] : []))
        #expect(cohort.reconnectDelays.kept == (hasLeft ? [] : [Double(pause)]))
        #expect(cohort.population.counts.last == 1)
    }

    @Test("An agent that connects again before its old connection is lost was never away")
    func overlapping() {
        var fleet = FleetObserver(start: .zero)
        var (old, new) = (Self.webSocket(at: Self.second(1)), Self.webSocket(at: Self.second(5)))
        Self.report(Self.full(), &fleet, &old, at: 1)
        Self.report(Self.full(sequence: 1), &fleet, &new, at: 5)
        fleet.ended(old, .server, at: Self.second(6))
        for second in 6...400 { fleet.passed(to: Self.second(Int64(second))) }
        #expect(fleet.observation(at: Self.second(400)).cohorts[0].lives.count == 0)
        fleet.ended(new, .agentFinished, at: Self.second(401))
        #expect(fleet.observation(at: Self.second(402)).cohorts[0].lives.kept.map(\.way) == [.fin])
    }

    @Test("An agent that polls is away once it has been silent for too long")
    func polling() {
        var fleet = FleetObserver(start: .zero)
        var connection = SeenConnection(openedAt: .zero)
        Self.report(Self.full(), &fleet, &connection, at: 1)
        for second in 2...30 where second % 10 == 0 {
            Self.report(Self.heartbeat(sequence: UInt64(second)), &fleet, &connection, at: Int64(second))
        }
        for second in 30...600 { fleet.passed(to: Self.second(Int64(second))) }
        let cohort = fleet.observation(at: Self.second(600)).cohorts[0]
        #expect(cohort.polling == 1)
        #expect(cohort.heartbeatGaps.kept == [9, 10, 10])
        #expect(cohort.lives.kept.map(\.span) == [29])
        #expect(cohort.lives.kept.map(\.way) == [.silent])
    }

    @Test("The server's new instance uid is the same agent")
    func renamed() {
        var fleet = FleetObserver(start: .zero)
        var connection = Self.webSocket(at: .zero)
        Self.report(Self.full(), &fleet, &connection, at: 1)
        let other = InstanceUID(high: 0x99, low: 7)
        var answer = ServerToAgent()
        answer.instanceUID = .uid(Self.uid)
        answer.agentIdentification = AgentIdentification(newInstanceUID: .uid(other))
        fleet.answered(answer.encoded().span.bytes, on: &connection, at: Self.second(2))
        Self.report(Self.heartbeat(other, sequence: 1), &fleet, &connection, at: 3)
        #expect(fleet.agentCount == 1)
        #expect(fleet.observation(at: Self.second(4)).agents == 1)
    }

    @Test("Beyond the limits of agents and kinds nothing grows")
    func bounded() {
        var limits = ObservingLimits()
        (limits.agents, limits.cohorts) = (50, 3)
        var fleet = FleetObserver(limits: limits, start: .zero)
        for number in 0..<200 {
            var connection = Self.webSocket(at: .zero)
            var report = AgentToServer()
            report.instanceUID = .uid(InstanceUID(high: 1, low: UInt64(number)))
            report.capabilities = .reportsStatus
            report.agentDescription = AgentDescription(
                identifyingAttributes: [KeyValue(key: "service.name", value: .string("kind-\(number)"))])
            Self.report(report.encoded(), &fleet, &connection, at: 1)
        }
        #expect(fleet.agentCount == 50)
        #expect(fleet.agentsBeyondLimit == 150)
        // The limit, and the kind that has all the others.
        #expect(fleet.cohorts.count == 4)
        #expect(fleet.observation(at: Self.second(2)).agents == 50)
    }

    @Test("Of the contents only the named attributes are kept: no other value, no configuration")
    func nothingSecret() {
        var limits = ObservingLimits()
        limits.attributes = ["region"]
        var fleet = FleetObserver(limits: limits, start: .zero)
        var connection = Self.webSocket(at: .zero)
        Self.report(Self.full(), &fleet, &connection, at: 1)
        var text = ""
        dump(fleet, to: &text)
        dump(connection, to: &text)
        #expect(text.contains("shown-region"))
        #expect(text.contains("edge"))
        #expect(!text.contains("hidden"))
        // Not as numbers either, which is how a dump shows bytes.
        let secret = Array("hidden".utf8)
        let numbers = text.split(whereSeparator: { !$0.isNumber }).compactMap { UInt8($0) }
        #expect(!numbers.indices.dropLast(secret.count).contains { Array(numbers[$0..<$0 + secret.count]) == secret })
    }

    @Test("An agent and its connection take less than 2 KiB")
    func memory() {
        // A dictionary is at least half full when it has grown.
        let agent = 2 * (MemoryLayout<SeenAgent>.stride + MemoryLayout<InstanceUID>.stride)
        let connection = MemoryLayout<ConnectionObserver>.stride + WebSocketWatch.memory
        #expect(agent + connection < 1_536, "\(agent) and \(connection)")
    }

    @Test("What a server does wrong is counted by its rule")
    func serverRules() {
        var limits = ObservingLimits()
        limits.checksConformance = true
        var fleet = FleetObserver(limits: limits, start: .zero)
        var connection = Self.webSocket(at: .zero)
        Self.report(Self.full(), &fleet, &connection, at: 1)
        var answer = ServerToAgent()
        answer.instanceUID = .uid(InstanceUID(high: 5, low: 5))
        answer.capabilities = ServerCapabilities(rawValue: 1 << 40)
        answer.remoteConfig = AgentRemoteConfig()
        answer.errorResponse = ServerErrorResponse()
        fleet.answered(answer.encoded().span.bytes, on: &connection, at: Self.second(2))
        fleet.answered([0xFF, 0xFF].span.bytes, on: &connection, at: Self.second(3))
        var offer = ServerToAgent()
        offer.instanceUID = .uid(Self.uid)
        offer.packagesAvailable = PackagesAvailable()
        fleet.answered(offer.encoded().span.bytes, on: &connection, at: Self.second(4))
        #expect(
            fleet.serverViolations
                == [.addressed: 1, .undefinedBitsClear: 1, .errorAlone: 1, .readable: 1, .declaredBeforeOffered: 1])
    }

    @Test("What an agent does wrong is counted for its kind")
    func agentRules() {
        var limits = ObservingLimits()
        limits.checksConformance = true
        var fleet = FleetObserver(limits: limits, start: .zero)
        var connection = Self.webSocket(at: .zero)
        Self.report(Self.full(), &fleet, &connection, at: 1)
        Self.report(Self.heartbeat(sequence: 7), &fleet, &connection, at: 2)
        let observation = fleet.observation(at: Self.second(3))
        #expect(observation.cohorts[0].key.serviceName == "edge")
        #expect(observation.cohorts[0].violations[.sequence] == 1)
    }
}
