import Basis
import ControlPlane
import OpAMP
import Testing

@testable import Fleet

@Suite("Orders that the embedded server refuses")
struct RefusedOrderTests {
    @Test("A refused offer is reported, with its reason, and not ignored")
    func refused() throws {
        var plan = ServerPlan()
        plan.capabilities = [.acceptsStatus]
        var registry = Registry(plan: plan, seed: 1, wallClockAtZero: 0)
        var effects = ServerEffects()
        let offer = Offer(revision: 1, .remoteConfig(AgentRemoteConfig()))
        let refusals = RefusedOrders()
        do {
            try ServerOrder.offer(offer, to: .all).carryOut(&registry, at: .zero, &effects)
        } catch {
            refusals.add(error)
        }
        #expect(refusals.all.count == 1)
        #expect(refusals.all.reason?.contains("does not declare") == true)
        #expect(throws: OfferError.unknownRevision(.packages, 7)) {
            try ServerOrder.withdraw(.packages, revision: 7).carryOut(&registry, at: .zero, &effects)
        }
    }
}
