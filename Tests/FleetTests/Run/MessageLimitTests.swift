import AgentModel
import Basis
import Hosting
import Metrics
import Testing
import Transport

@testable import Fleet

/// The largest messages that agents send and take (specification: WebSocket and Plain HTTP Message Size Limits).
@Suite("Limits of messages", .takingTurns)
struct MessageLimitTests {
    @Test("Where nothing else is set, the limit is 64 MiB in both directions")
    func standard() {
        #expect(ProfileLimits().messageBytes == 64 << 20)
        #expect(CohortPlan(name: "c").maximumReportBytes == 64 << 20)
        #expect(WebSocketLimits().messageBytes == 64 << 20)
        #expect(HTTPLimits().bodyBytes == 64 << 20)
    }

    @Test("The limit of the profile is that of every cohort's reports")
    func configured() throws {
        let profile = try ProfileReader().read(text: "limits: {message_size: 2MiB}\n", source: "test.yaml")
        let plan = CohortPlan(cohort: profile.cohorts[0], limits: profile.limits)
        #expect(plan.maximumReportBytes == 2 << 20)
    }

    @Test(
        "An answer beyond the limit is none, and is counted as what it is, compressed or not",
        arguments: ["websocket", "http"])
    func received(transport: String) async throws {
        let profile = try ProfileReader().read(
            text: """
                agents: 10
                duration: 3s
                drain: 5s
                shards: 1
                server: {embedded: {transport: \(transport)}}
                heartbeat: {interval: 200ms}
                report: {effective_config: 1KiB, health_pipelines: 1, available_components: 5}
                limits: {message_size: 16KiB}
                events:
                  - {at: 1s, offer_config: {files: {large.yaml: {size: 64KiB}}}}

                """, source: "test.yaml")
        let run = try await FleetRun(profile)
        let counters = await run.perform(as: .test) { _ in }.summary.counters
        #expect(counters[.agentsAnswered] == 10)
        #expect(counters[.remoteConfigsReceived] == 0)
        #expect(counters[.oversizedMessage] + counters[.decompressionBomb] + counters[.responseMalformed] > 0)
    }
}
