public import Basis
public import OpAMP

/// Custom messages, and capabilities that change while the agent runs.
extension Agent {
    /// A custom message came; one of a capability that the agent does not have is ignored (CustomMessage).
    mutating func customMessageCame(_ message: CustomMessage, at now: Instant, _ effects: inout Effects) {
        guard let responder = cohort.plan.custom.responders.first(where: { $0.capability == message.capability }) else {
            return effects.count(.unknownCustomMessage)
        }
        let wasPaused = extended?.value.isPaused ?? false
        let (reply, isPaused) = responder.answer(message, index: index, isPaused: wasPaused)
        if isPaused != wasPaused { withExtendedState { $0.isPaused = isPaused } }
        guard let reply else { return }
        sendReport(.custom, [], dueAt: now, at: now, &effects) { $0.customMessage = reply }
    }

    /// The sequence number of the report that an answer is to, where the server says it. An agent that leaves sequence
    /// numbers out, as one of its faults, cannot tell by them.
    func reportNumber(in answer: ServerToAgent) -> UInt64? {
        guard let capability = cohort.numberingCapability, faults.isEmpty, let message = answer.customMessage,
            message.capability == capability, message.type == CustomResponder.answerType
        else { return nil }
        return UInt64(String(decoding: message.data, as: UTF8.self))
    }

    /// Whether a server has paused the agent's collection by a custom message.
    public var isPaused: Bool { extended?.value.isPaused ?? false }

    /// The agent declares something else from now on (AgentToServer.capabilities: at any time after the first message).
    /// What it may report only now is reported with it.
    public mutating func changeCapabilities(
        to capabilities: AgentCapabilities, at now: Instant, _ effects: inout Effects
    ) {
        let former = self.capabilities
        let next = capabilities.union(.reportsStatus)
        guard next != former else { return }
        withExtendedState { $0.capabilities = next }
        let before = StatusFields.reportable(by: former, to: serverCapabilities)
        let after = StatusFields.reportable(by: next, to: serverCapabilities)
        changes.insert(.capabilities)
        changes.insert(after.subtracting(before).subtracting(.componentList))
        if former.contains(.reportsHeartbeat) != next.contains(.reportsHeartbeat), life.phase.session != nil {
            schedule.begin(at: now, by: heartbeatRules, &random)
        }
        reportChanges(at: now, &effects)
        setTimer(&effects)
    }

    /// A change of capabilities that the plan has for this time.
    mutating func changeCapabilitiesAsPlanned(at now: Instant, _ effects: inout Effects) {
        let changes = cohort.plan.capabilityChanges
        guard let change = withExtendedState({ $0.capabilityChanges?.take(changes) }) else { return }
        effects.count(.capabilitiesChanged)
        changeCapabilities(
            to: capabilities.union(change.added).subtracting(change.removed), at: now, &effects)
    }
}
