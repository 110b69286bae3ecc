import Basis

@testable import Rollout

/// Journals, which a server reads when it starts again: as bytes that a damaged disk may have, and as complete records
/// whose content nobody has written.
extension FuzzTarget {
    static let journals: [String: FuzzTarget] = [
        "versions-journal": FuzzTarget { input in
            let bytes = array(input)
            for journal in [bytes, VersionJournal.head + bytes, VersionJournal.head + framed(bytes)] {
                guard let recovery = try? VersionJournal.recover(journal) else { continue }
                hold(recovery.bytes <= journal.count, "more is recovered than there is")
                let complete = try? VersionJournal.recover(Array(journal.prefix(recovery.bytes)))
                hold(complete == recovery, "what is cut off changes what is recovered")
                let again = try? VersionJournal.recover(VersionJournal.bytes(of: recovery.book))
                hold(again?.book == recovery.book, "a book is read as another when written again")
            }
        },
        "rollout-journal": FuzzTarget { input in
            let bytes = array(input)
            var plan = RolloutPlan()
            plan.limits.concurrency = .agents(4)
            let fleet = RolloutFleet(count: 14)
            for journal in [bytes, framed(bytes)] {
                guard let recovery = try? RolloutJournal.recover(journal, plan: plan, fleet: fleet) else { continue }
                hold(recovery.bytes <= journal.count, "more is recovered than there is")
                let complete = Array(journal.prefix(recovery.bytes))
                let again = try? RolloutJournal.recover(complete, plan: plan, fleet: fleet)
                hold(
                    again?.controller.snapshot() == recovery.controller.snapshot(),
                    "what is cut off changes the controller")
                let other = try? RolloutController(
                    snapshot: recovery.controller.snapshot(), plan: plan, fleet: fleet, seed: nil,
                    revision: Revision(1), former: .initial)
                hold(other?.snapshot() == recovery.controller.snapshot(), "a controller is read as another")
            }
        },
    ]

    /// An input as records: of each its length, in two bytes, and its content.
    private static func framed(_ bytes: [UInt8]) -> [UInt8] {
        var journal: [UInt8] = []
        var position = 0
        while position + 2 <= bytes.count {
            let length = min(Int(bytes[position]) << 8 | Int(bytes[position + 1]), bytes.count - position - 2)
            position += 2
            journal += JournalFrame.bytes(of: Array(bytes[position..<(position + length)]))
            position += length
        }
        return journal
    }
}
