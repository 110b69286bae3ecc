public import Basis
import Matching

/// An agent that is cut off from its server for a while: nothing passes in either direction, and its connection stays.
///
/// What it sends meanwhile is at the server only afterwards, so until then no report is given up and none is taken for
/// one that the server has dropped. Its times count from when it was due all the same.
extension Agent {
    /// Nothing passes from now on.
    public mutating func cutOff(at now: Instant, _ effects: inout Effects) {
        flags.insert(.cutOff)
        flags.remove(.catchingUp)
        withExtendedState { $0.cutOffChanged = now }
        setTimer(&effects)
    }

    /// The network is whole again. Called before anything is received over it.
    public mutating func endCutOff(at now: Instant, _ effects: inout Effects) {
        guard flags.contains(.cutOff) else { return }
        flags.remove(.cutOff)
        flags.insert(.catchingUp)
        withExtendedState { $0.cutOffChanged = now }
        effects.matcher.resumed(at: now, on: &match, matchContext, &effects.outcomes)
        recordOutcomes(at: now, &effects)
        setTimer(&effects)
    }

    /// Whether each answer belongs to the oldest report that waits: what was sent while the agent was cut off arrives
    /// at once, and its answers come in order, at times that say nothing about the server.
    @inline(__always)
    var takesAnswersInOrder: Bool { !flags.isDisjoint(with: [.cutOff, .catchingUp]) }

    /// Ends that once those reports are answered, or overdue.
    mutating func endCatchingUp(at now: Instant, _ effects: borrowing Effects) {
        let end = extended?.value.cutOffChanged ?? .zero
        if let oldest = effects.matcher.oldestSending(on: match), oldest <= end,
            now - end < cohort.plan.answerTimeout
        {
            return
        }
        flags.remove(.catchingUp)
    }

    /// When a report was sent, as its agent sees it.
    @inline(__always)
    func sending(of report: SentReport) -> Instant {
        flags.contains(.catchingUp) ? sendingBeforeCutOffEnded(report) : report.sentAt
    }

    /// A report that waited while the agent was cut off counts for the matcher as sent when that ended.
    @inline(never)
    private func sendingBeforeCutOffEnded(_ report: SentReport) -> Instant {
        report.sentAt == extended?.value.cutOffChanged ? report.dueAt : report.sentAt
    }

    /// Why a report is really not answered: the server could not answer it before its time was over if the agent was
    /// cut off by then.
    func cause(_ cause: UnansweredReport.Cause, of report: SentReport) -> UnansweredReport.Cause {
        guard flags.contains(.cutOff), cause != .cut,
            report.sentAt + cohort.plan.answerTimeout > extended?.value.cutOffChanged ?? .zero
        else { return cause }
        return .withheld
    }
}
