import Basis
import OpAMP

/// How many bytes the reports of a cohort have, by what they carry: measured on reports of one agent of it that has
/// applied a configuration, so that a simulation can count bytes without building reports.
package struct ReportByteTable: Hashable, Sendable {
    /// A report without any status: a heartbeat.
    package let heartbeat: Int
    /// The bytes of a report with each set of contents, by its bits.
    package let sizes: [Int]

    package init(_ plan: CohortPlan, revisions: RevisionTable) {
        let cohort = Cohort(plan, seed: 1, unixOrigin: 1_700_000_000_000_000_000)
        var agent = Agent(index: 1, cohort: cohort)
        var effects = Effects()
        agent.start(at: .zero, &effects)
        agent.connected(at: Instant(nanoseconds: 1), &effects)
        if let offer = revisions.offers.first { agent.received(offer, at: Instant(nanoseconds: 2), &effects) }
        let done = agent.configuration?.application?.done ?? .zero
        agent.wake(at: done, &effects)
        heartbeat = agent.status([], at: done).encodedSize
        var sizes = [heartbeat]
        for bit in 0..<UInt16(10) {
            let part = agent.status(StatusFields(rawValue: 1 << bit), at: done).encodedSize - heartbeat
            sizes += sizes.map { $0 + part }
        }
        self.sizes = sizes
    }
}
