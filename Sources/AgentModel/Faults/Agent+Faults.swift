import Basis
import OpAMP
import OrderedCollections

/// Faults that are injected now and then, in place of a heartbeat or before one.
extension Agent {
    /// Injects the agent's faults, where their turn has come.
    /// - Returns: Whether something else was sent in the heartbeat's place.
    @inline(never)
    mutating func injectFault(dueAt: Instant, at now: Instant, _ effects: inout Effects) -> Bool {
        let plan = cohort.plan.faults
        if faults.has(.skipsSequenceNumbers), random.chance(plan.recurrence) {
            effects.fault(.skipsSequenceNumbers)
            nextSequenceNumber &+= 1 + UInt64(random.index(below: 3))
        }
        if faults.has(.sendsMalformed), random.chance(plan.recurrence) {
            effects.fault(.sendsMalformed)
            let start = effects.bytes.count
            appendGarbage(&effects.bytes)
            sent(.malformed, from: start, dueAt: dueAt, at: now, &effects)
            return true
        }
        if faults.has(.sendsOversized), random.chance(plan.recurrence) {
            effects.fault(.sendsOversized)
            var report = status([], at: now)
            let body = [UInt8](repeating: UInt8(ascii: "#"), count: plan.oversizedBytes)
            report.effectiveConfig = EffectiveConfig(
                configMap: AgentConfigMap(configMap: [
                    "oversized": AgentConfigFile(body: body, contentType: "text/yaml")
                ]))
            let start = effects.bytes.count
            report.encode(appendingTo: &effects.bytes)
            // The oversized body is no status: the next full report would not repeat it.
            changes.insert(.effectiveConfig)
            sent(.oversized, from: start, dueAt: dueAt, at: now, &effects)
            return true
        }
        return false
    }

    /// A connection begins under the identity of another agent, unless the server has given the agent another
    /// meanwhile.
    func countBorrowedIdentity(_ effects: inout Effects) {
        guard let borrowed = borrowedInstanceUID, borrowed == instanceUID else { return }
        effects.fault(faults.has(.isClone) ? .isClone : .reusesInstanceUID)
    }

    /// An invalid AgentToServer: a field that is longer than what follows.
    private mutating func appendGarbage(_ bytes: inout [UInt8]) {
        bytes.append(0x0A)
        bytes.append(0x7F)
        for _ in 0..<(4 + random.index(below: 28)) { bytes.append(UInt8(truncatingIfNeeded: random.next())) }
    }
}
