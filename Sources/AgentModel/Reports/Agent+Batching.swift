import Basis
import OpAMP

/// Joining status changes that come close together.
extension Agent {
    /// Whether the change that has just come waits for others, by the cohort's plan.
    mutating func holdsChange(at now: Instant) -> Bool {
        let plan = cohort.plan.batch
        // An agent that is about to leave for another connection cannot wait.
        guard plan.window > .zero, connectionSettings?.isWaiting != true else { return false }
        let waiting = extended?.value.batch ?? Batch(due: now + plan.window, changes: 0)
        let batch = Batch(due: waiting.due, changes: waiting.changes + 1)
        withExtendedState { $0.batch = batch }
        return batch.changes < plan.size && now < batch.due
    }

    /// Whether changes wait for their window to end.
    var isHoldingChanges: Bool { extended?.value.batch != nil }

    /// The window is over: what has changed leaves in one report, due now.
    mutating func releaseChanges(at now: Instant, _ effects: inout Effects) {
        guard let batch = extended?.value.batch else { return }
        let fields = changed.intersection(.reportable(by: capabilities, to: serverCapabilities))
        guard life.phase.session != nil, !fields.isEmpty else { return forgetBatch() }
        sendReport(.status, fields, dueAt: batch.due, at: now, &effects)
        // A report that was too large to be sent must not be tried again and again.
        forgetBatch()
    }

    /// A report with `fields` is leaving. Where that leaves nothing of a batch to tell, the batch is over.
    mutating func settleBatch(_ effects: inout Effects) {
        guard let batch = extended?.value.batch,
            changed.isDisjoint(with: .reportable(by: capabilities, to: serverCapabilities))
        else { return }
        effects.count(.changesJoined, batch.changes - 1)
        forgetBatch()
    }

    /// The connection has ended: what waited is reported on the next one.
    mutating func forgetBatch() {
        guard isHoldingChanges else { return }
        withExtendedState { $0.batch = nil }
    }
}
