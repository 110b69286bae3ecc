import Basis
import ControlPlane
import Testing

@testable import Fleet

@Suite("A profile's embedded server as the control plane's plan")
struct ServerPlanTests {
    @Test("By default it behaves as the control plane does by default")
    func standard() {
        let plan = ServerPlan(embedded: EmbeddedServer(), duration: .seconds(60), runStart: .zero)
        let standard = ServerPlan()
        #expect(plan.answerDelay == standard.answerDelay && plan.pauses == standard.pauses)
        #expect(
            plan.throttle == standard.throttle && plan.refusals == standard.refusals && plan.drops == standard.drops)
        #expect(plan.heartbeatInterval == standard.heartbeatInterval)
    }

    @Test("Every value arrives, times on the run's axis")
    func values() {
        let embedded = EmbeddedServer(
            answerDelay: .exponential(mean: .milliseconds(5)),
            pauses: [
                .init(at: .share(0.5), length: .seconds(2)), .init(at: .after(.seconds(3)), length: .seconds(1)),
            ],
            throttle: .init(share: 0.1, retryAfter: .seconds(7)),
            refuse: .init(share: 0.2, status: 429, retryAfter: .seconds(8)),
            drop: .init(share: 0.3, after: .constant(.seconds(9))), heartbeatInterval: .seconds(10))
        let start = Instant.zero + .seconds(100)
        let plan = ServerPlan(embedded: embedded, duration: .seconds(60), runStart: start)
        #expect(plan.answerDelay == .exponential(mean: .milliseconds(5)))
        #expect(
            plan.pauses == [
                Pause(from: start + .seconds(30), until: start + .seconds(32)),
                Pause(from: start + .seconds(3), until: start + .seconds(4)),
            ])
        #expect(plan.throttle == Throttle(share: 0.1, retryAfter: .seconds(7)))
        #expect(plan.refusals == Refusals(share: 0.2, status: 429, retryAfterSeconds: 8))
        #expect(plan.drops == ConnectionDrops(share: 0.3, after: .constant(.seconds(9))))
        #expect(plan.heartbeatInterval == .seconds(10))
    }
}
