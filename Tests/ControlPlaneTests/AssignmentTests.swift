import Basis
import ControlPlane
import OpAMP
import OrderedCollections
import Testing

@Suite("Offers to single agents")
struct AssignmentTests {
    private func config(_ text: String) -> AgentRemoteConfig {
        AgentRemoteConfig(config: AgentConfigMap(configMap: ["a.yaml": AgentConfigFile(body: Array(text.utf8))]))
    }

    @Test(
        "An agent that is added to an offer gets it, the others do not; one that is taken from it gets the one before")
    func retargeted() throws {
        var server = Rehearsal(ServerPlan())
        let ids = (0..<3).map { _ in server.connect() }
        for (number, id) in ids.enumerated() { _ = server.send(.full(.number(UInt64(number)), 1), over: id) }
        let former = Offer(revision: 1, .remoteConfig(config("former")))
        let new = Offer(revision: 2, .remoteConfig(config("new")))
        _ = try server.perform { registry, now, effects in
            try registry.offer(former, to: .all, at: now, &effects)
            try registry.offer(new, to: .agents([]), at: now, &effects)
        }
        let added = try server.perform { registry, now, effects in
            try registry.retarget(.remoteConfig, revision: 2, adding: [.number(1)], at: now, &effects)
        }
        #expect(added.sent.map(\.message.remoteConfig?.configHash) == [new.hash])
        let removed = try server.perform { registry, now, effects in
            try registry.retarget(.remoteConfig, revision: 2, removing: [.number(1)], at: now, &effects)
        }
        #expect(removed.sent.map(\.message.remoteConfig?.configHash) == [former.hash])
    }

    @Test("Without a push an agent gets its offer with the answer to its next report")
    func withoutPush() throws {
        var server = Rehearsal(ServerPlan())
        let id = server.connect()
        _ = server.send(.full(.number(0), 1), over: id)
        let new = Offer(revision: 2, .remoteConfig(config("new")))
        let sent = try server.perform { registry, now, effects in
            try registry.offer(new, to: .agents([]), at: now, &effects)
            try registry.retarget(.remoteConfig, revision: 2, adding: [.number(0)], pushes: false, at: now, &effects)
        }
        #expect(sent.sent.isEmpty)
        #expect(server.send(.heartbeat(.number(0), 2), over: id).answer?.remoteConfig?.configHash == new.hash)
    }

    @Test("Whom an offer is for cannot be changed where there is none, or it is not for agents by uid")
    func refused() throws {
        var server = Rehearsal(ServerPlan())
        let offer = Offer(revision: 1, .remoteConfig(config("all")))
        _ = try server.perform { registry, now, effects in try registry.offer(offer, to: .all, at: now, &effects) }
        for revision in [UInt32(1), 7] {
            #expect(throws: OfferError.unknownRevision(.remoteConfig, revision)) {
                _ = try server.perform { registry, now, effects in
                    try registry.retarget(
                        .remoteConfig, revision: revision, adding: [.number(1)], at: now, &effects)
                }
            }
        }
    }

    @Test("An agent has the configuration that was assigned to it last; equal ones are one offer")
    func assigned() throws {
        var server = Rehearsal(ServerPlan())
        let id = server.connect()
        _ = server.send(.full(.number(0), 1), over: id)
        for text in ["a", "b", "a", "b"] {
            let sent = try server.perform { registry, now, effects in
                try registry.assign(config(text), to: [.number(0)], at: now, &effects)
            }
            #expect(sent.sent.last?.message.remoteConfig?.config == config(text).config)
        }
        #expect(server.registry.history(of: .remoteConfig).count == 2)
    }

    @Test("What is learned of agents is told, where the plan asks for it")
    func observed() throws {
        var plan = ServerPlan()
        plan.observesAgents = true
        var server = Rehearsal(plan)
        let offer = Offer(revision: 4, .remoteConfig(config("new")))
        let id = server.connect()
        var outcomes = [server.send(.full(.number(0), 1), over: id)]
        outcomes.append(
            try server.perform { registry, now, effects in try registry.offer(offer, to: .all, at: now, &effects) })
        var report = AgentToServer.heartbeat(.number(0), 2)
        for (sequence, text) in [(UInt64(2), "former"), (3, "new")] {
            report.sequenceNumber = sequence
            report.remoteConfigStatus = RemoteConfigStatus(lastRemoteConfigHash: offer.hash, status: .applied)
            report.effectiveConfig = EffectiveConfig(configMap: config(text).config)
            outcomes.append(server.send(report, over: id))
        }
        outcomes.append(server.close(id))
        let kinds = outcomes.flatMap(\.rest).compactMap { effect -> AgentObservation.Kind? in
            if case .observed(let observation) = effect { observation.kind } else { nil }
        }
        #expect(
            kinds == [
                .connected, .healthy, .sent(revision: 4), .status(.applied, revision: 4, matches: false),
                .status(.applied, revision: 4, matches: true), .disconnected,
            ])
    }
}
