import AgentModel
import Basis
import Foundation
import Testing

@testable import Fleet

@Suite("What a profile amounts to")
struct PlanSummaryTests {
    static let profile = Profile(
        name: "test", description: "Two kinds.", agents: 30_000, seed: 9,
        server: .embedded(
            EmbeddedServer(
                answerDelay: .uniform(.milliseconds(1), .milliseconds(5)),
                pauses: [.init(at: .share(0.5), length: .seconds(2))],
                throttle: .init(share: 0.05, retryAfter: .seconds(30)),
                refuse: .init(share: 0.01), drop: .init(share: 0.02, after: .exponential(mean: .seconds(5))))),
        duration: .seconds(100), arrival: .ramp(over: .seconds(50)),
        cohorts: [
            CohortProfile(
                name: "big", weight: CohortWeight(whole: 2), heartbeat: HeartbeatProfile(interval: .seconds(10))),
            CohortProfile(
                name: "odd", heartbeat: HeartbeatProfile(interval: .seconds(5), phase: .lockstep),
                reconnect: .fixed(.milliseconds(200))),
        ], events: [TimedEvent(at: .share(0.8), action: .dropConnections(share: 0.25))])

    @Test("The load is what agents times rate says")
    func load() {
        let load = LoadEstimate(Self.profile)
        #expect(load.parts.map(\.agents) == [20_000, 10_000])
        #expect(load.heartbeatsPerSecond == 4_000)
        #expect(load.peakArrivals == 600)
        #expect(!load.hasClosedLoop)
        // A heartbeat is at most 40 bytes of report, one of header and six of frame.
        #expect(load.parts.allSatisfy { (30...47).contains($0.heartbeatBytes) })
        // The first report carries the effective config of 4 KiB and more.
        #expect(load.parts.allSatisfy { (4_500...20_000).contains($0.firstReportBytes) })
        #expect(load.firstReportBytes == load.parts.reduce(0) { $0 + $1.agents * $1.firstReportBytes })
    }

    @Test("A larger configuration makes a larger first report, byte for byte")
    func sizes() throws {
        func bytes(_ config: Int) throws -> Int {
            let cohort = CohortProfile(report: ReportSizes(effectiveConfigBytes: config))
            return try #require(LoadEstimate(Profile(cohorts: [cohort])).parts.first).firstReportBytes
        }
        #expect(try bytes(64_000) - bytes(32_000) == 32_000)
    }

    @Test("An interval that the embedded server offers is the one that counts")
    func offered() {
        let profile = Profile(agents: 100, server: .embedded(EmbeddedServer(heartbeatInterval: .seconds(2))))
        #expect(LoadEstimate(profile).heartbeatsPerSecond == 50)
    }

    @Test("A closed loop has no rate of its own")
    func closed() {
        let load = LoadEstimate(Profile(cohorts: [CohortProfile(mode: .closedLoop(think: .constant(.zero)))]))
        #expect(load.hasClosedLoop && load.heartbeatsPerSecond == 0 && load.parts.first?.heartbeatsPerSecond == nil)
    }

    @Test("All at once is the whole fleet within a second")
    func atOnce() {
        #expect(LoadEstimate(Profile(agents: 777)).peakArrivals == 777)
    }

    @Test("The text names everything that the profile does")
    func text() {
        let text = PlanSummary(Self.profile).text(width: 72)
        for piece in [
            "test: Two kinds.", "30,000 agents against the embedded server for 1m40s, then up to 10s to leave; seed 9",
            "big     20,000   67 %  every 10s, spread", "odd     10,000   33 %  every 5s, lockstep", "every 200ms",
            "Arrival: evenly over 50s, at most about 600 a second",
            "at 1m20s: 7,500 agents (25%) lose their connection",
            "answers after 1ms to 5ms", "sends no answers from 50s for 2s",
            "answers 5% of the reports with UNAVAILABLE, asking to wait 30s",
            "refuses 1% of the connections with 503", "drops 2% of the connections after 5s on average",
            "4,000 a second when all are there", "10,000 heartbeats at the same moment",
            "source addresses   2; the profile gives 1, add more under `sources`",
            "file descriptors   about 60,064, two for each connection",
        ] {
            #expect(text.contains(piece), "\(piece) is not in\n\(text)")
        }
        #expect(text.hasSuffix("\n") && !text.hasSuffix("\n\n"))
    }

    @Test("The text lists the agents with health faults and injected faults")
    func troubles() {
        let cohort = CohortProfile(
            health: HealthProfile(healthFaults: [
                .init(.decay(each: .constant(.seconds(5))), share: 0.5),
                .init(.outage(from: .share(0.25), length: .seconds(3)), zone: "eu-west-1a"),
                .init(.outage(from: .share(0), length: nil), share: 0.1, version: "0.115.0"),
                .init(.outage(from: .share(0.5), length: nil), share: 0.2, version: "0.115.0"),
            ]), faults: FaultPlan(rates: [.chats: 0.02]))
        let text = PlanSummary(Profile(agents: 1_000, cohorts: [cohort])).text()
        #expect(text.contains("about 500 of collector (50%): a component fails every 5s"))
        #expect(text.contains("about 1,000 of collector (100%): unhealthy from 15s for 3s, those in eu-west-1a"))
        #expect(text.contains("about 100 of collector (10%): unhealthy, while they run 0.115.0"))
        #expect(text.contains("about 200 of collector (20%): unhealthy from 30s, while they run 0.115.0"))
        #expect(text.contains("about 20 of collector (2%): chats"))
    }

    @Test("The arrival's curve has the requested width and ends with all agents", arguments: [40, 80, 132])
    func curve(width: Int) throws {
        let text = PlanSummary(Self.profile).text(width: width)
        let curve = try #require(text.split(separator: "\n").first { $0.contains("▁") })
        #expect(curve.count == width - 2)
        #expect(curve.hasSuffix("█"))
        #expect(curve.count { $0 == "█" } >= (width - 4) / 2)
    }

    @Test("Every profile that comes with Muster has a summary", arguments: ProfileFilesTests.names)
    func shipped(name: String) throws {
        let path = ProfileFilesTests.folder.appendingPathComponent("\(name).yaml").path
        #expect(PlanSummary(try ProfileReader().read(path: path)).text().contains(name))
    }

    @Test("The summary shows the connection settings, and of secrets only their source")
    func wire() throws {
        let profile = try ProfileReader().read(
            text: """
                agents: 9000
                server: {embedded: {transport: http, close_connections: true, credentials: {file: /tokens}}}
                compression: {requests: zstd}
                headers: {X-Tenant: acme}
                auth: {bearer: {env: FLEET_TOKEN}}
                proxy: {url: "http://127.0.0.1:3128", auth: {basic: {user: me, password: {env: P}}}}
                """, source: "test")
        let text = PlanSummary(profile).text(width: 100)
        for line in [
            "closes HTTP connections after every answer", "requires credentials from /tokens",
            "at most 256 connections", "request bodies in zstd", "the headers X-Tenant",
            "a bearer token from the environment variable FLEET_TOKEN",
            "the proxy 127.0.0.1:3128, to which it shows Basic credentials of me", "about 576",
        ] {
            #expect(text.contains(line), "\(line) in \(text)")
        }
    }
}

@Suite("Sparkline")
struct SparklineTests {
    @Test("A level is a block of that height, and only zero is blank")
    func levels() {
        #expect(Sparkline.text([0, 0.01, 0.5, 1]) == " ▁▅█")
    }
}

@Suite("Weights of cohorts")
struct CohortWeightTests {
    @Test("A weight has at most three decimals and is positive")
    func weights() {
        #expect(CohortWeight("1")?.thousandths == 1_000)
        #expect(CohortWeight("0.125")?.thousandths == 125)
        for text in ["0", "-1", "0.0001", "1000001", "x", "", "1e3", "1."] {
            #expect(CohortWeight(text) == nil, "\(text)")
        }
    }
}
