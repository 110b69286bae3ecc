import Basis
import OpAMP
import Testing

@testable import AgentModel

@Suite("Errors and throttling (spec: Bad Request, Throttling)")
struct ThrottlingTests {
    private func unavailable(_ retry: Nanoseconds? = nil) -> ServerToAgent {
        ServerToAgent(
            errorResponse: ServerErrorResponse(
                type: .unavailable, retryInfo: retry.map { RetryInfo(retryAfterNanoseconds: $0.count.magnitude) }))
    }

    @Test(
        "After UNAVAILABLE the agent sends agent_disconnect, closes, waits the requested time, and connects again",
        arguments: [1, 30, 600] as [Int64])
    func waitsAsAsked(seconds: Int64) {
        var script = AgentScript(.with { $0.connectTimeout = .seconds(100_000) })
        script.run()
        script.receive(unavailable(.seconds(seconds)))
        #expect(script.sent.map(\.kind) == [.agentDisconnect])
        #expect(script.sent.first?.report.agentDisconnect != nil)
        #expect(script.steps.closeCodes == [1000])
        #expect(script.agent.state == .closing)
        script.closed()
        #expect(script.agent.state == .backingOff)
        script.pass(.seconds(seconds) - .milliseconds(1))
        #expect(script.agent.state == .backingOff)
        script.pass(.seconds(1))
        #expect(script.agent.state == .connecting)
        #expect(script.connects == 2)
    }

    @Test("Without a time, the waits grow exponentially until a report is accepted")
    func growing() {
        var waits: [Double] = []
        var script = AgentScript()
        script.run()
        for _ in 0..<12 {
            script.receive(unavailable())
            let refused = script.now
            script.closed()
            #expect(script.agent.state == .backingOff)
            while script.agent.state == .backingOff { script.pass(.milliseconds(10)) }
            waits.append((script.now - refused).seconds)
            script.opened()
        }
        for (number, wait) in waits.enumerated() {
            var grown = 0.5
            for _ in 0..<number { grown = min(grown * 1.5, 60) }
            #expect(wait >= grown * 0.5 - 0.011 && wait <= grown * 1.5 + 0.011)
        }
        script.acknowledge()
        script.receive(unavailable())
        let refused = script.now
        script.closed()
        while script.agent.state == .backingOff { script.pass(.milliseconds(10)) }
        #expect((script.now - refused).seconds < 0.77)
    }

    @Test("A refused status is reported again after coming back (spec: Retrying Messages)")
    func refusedStatusIsRepeated() {
        var script = AgentScript()
        script.start()
        script.opened()
        script.receive(unavailable(.seconds(1)))
        script.closed()
        script.pass(.seconds(1))
        script.opened()
        #expect(script.sent.first?.report.agentDescription != nil)
        #expect(script.sent.first?.report.effectiveConfig != nil)
    }

    @Test("A cohort that ignores throttling stays connected; it is counted all the same")
    func ignoring() {
        var script = AgentScript(.with { $0.honoursThrottling = false })
        script.run()
        script.receive(unavailable(.seconds(30)))
        #expect(script.agent.state == .running)
        #expect(script.steps.closeCodes.isEmpty)
        #expect(script.counts(.unavailable) == 1)
    }

    @Test("BAD_REQUEST is counted and its report not sent again (spec: Bad Request)")
    func badRequest() {
        var script = AgentScript()
        script.start()
        script.opened()
        script.receive(ServerToAgent(errorResponse: ServerErrorResponse(type: .badRequest, errorMessage: "no")))
        #expect(script.sent.isEmpty)
        #expect(script.counts(.badRequest) == 1)
        script.lost()
        script.opened()
        #expect(script.sent.first?.report.agentDescription == nil)
    }

    @Test("What was answered with an unknown error is not sent again either (spec: ServerErrorResponse.type)")
    func unknownError() {
        var script = AgentScript()
        script.start()
        script.opened()
        script.receive(ServerToAgent(errorResponse: ServerErrorResponse(type: .unknown, errorMessage: "odd")))
        #expect(script.sent.isEmpty)
        #expect(script.counts(.unknownError) == 1)
        #expect(script.agent.state == .connected)
        script.lost()
        script.opened()
        #expect(script.sent.first?.report.agentDescription == nil)
        script.acknowledge()
        #expect(script.agent.state == .running)
    }

    @Test("An error with other fields beside it is counted, and they are not processed (spec: error_response)")
    func errorWithContent() {
        var script = AgentScript()
        script.run()
        var answer = ServerToAgent(flags: .reportFullState)
        answer.errorResponse = ServerErrorResponse(type: .unknown)
        script.receive(answer)
        #expect(script.sent.isEmpty)
        #expect(script.counts(.errorWithContent) == 1)
        #expect(script.counts(.unknownError) == 1)
    }

    @Test("503 and 429 at the upgrade are waited for as their Retry-After asks", arguments: [503, 429])
    func retryAfter(status: Int) {
        var script = AgentScript()
        script.start()
        script.step { $0.upgradeRefused(status: status, retryAfter: .seconds(20), at: $1, &$2) }
        #expect(script.counts(.upgradeThrottled) == 1)
        script.pass(.milliseconds(19_999))
        #expect(script.connects == 1)
        script.pass(.milliseconds(1))
        #expect(script.connects == 2)
    }

    @Test("A Retry-After shorter than the agent's own back-off does not shorten it")
    func shortRetryAfter() {
        var script = AgentScript(.with { $0.reconnect = .specificationMinimum })
        script.start()
        script.step { $0.upgradeRefused(status: 503, retryAfter: .seconds(1), at: $1, &$2) }
        script.pass(.milliseconds(29_999))
        #expect(script.connects == 1)
    }

    @Test("A Retry-After with another status means nothing here", arguments: [500, 404])
    func retryAfterElsewhere(status: Int) {
        var script = AgentScript()
        script.start()
        script.step { $0.upgradeRefused(status: status, retryAfter: .seconds(300), at: $1, &$2) }
        #expect(script.counts(.upgradeRefused) == 1)
        script.pass(.milliseconds(751))
        #expect(script.connects == 2)
    }

    @Test(
        "Each kind of refusal has its own count",
        arguments: [
            (401, Anomaly.upgradeUnauthorized), (403, .upgradeUnauthorized), (302, .upgradeRedirected),
            (500, .upgradeRefused),
        ])
    func refusals(status: Int, anomaly: Anomaly) {
        var script = AgentScript()
        script.start()
        script.step { $0.upgradeRefused(status: status, retryAfter: nil, at: $1, &$2) }
        #expect(script.counts(anomaly) == 1)
        #expect(script.agent.state == .backingOff)
    }
}
