public import Basis

/// What a controller was given, as bytes: a record for each input, appended before the controller acts upon it. A
/// server that ends at any moment continues with the controller that the complete records make.
///
/// A record is a kind and what it holds, as a `JournalFrame`. Whatever follows the last complete record was being
/// written when the server ended, and is dropped.
public enum RolloutJournal {
    /// One input of a controller.
    public enum Record: Hashable, Sendable {
        /// The whole state; what came before it is not needed any more.
        case snapshot([UInt8])
        case begin(Instant)
        case outcome(AgentOutcome)
        case advance(Instant)
        case pause(Instant)
        case resume(Instant)
        case abort(Instant)
        case rollBack(Instant)
    }

    /// What a journal holds.
    public struct Recovery: Sendable {
        public var controller: RolloutController
        public var records: Int
        /// The bytes of complete records; a file is cut there before anything is appended.
        public var bytes: Int
    }

    /// The bytes of a record, to be appended.
    public static func bytes(of record: Record) -> [UInt8] {
        var body = StateWriter()
        switch record {
        case .snapshot(let state):
            body.add(UInt8(0))
            body.add(state)
        case .begin(let at): body.add(1, at)
        case .outcome(let outcome):
            body.add(2, outcome.at)
            body.add(outcome.agent)
            body.add(outcome.revision.number)
            body.add(outcome.kind.rawValue)
            if outcome.kind.isOfComponent { body.add(outcome.component) }
        case .advance(let at): body.add(3, at)
        case .pause(let at): body.add(4, at)
        case .resume(let at): body.add(5, at)
        case .abort(let at): body.add(6, at)
        case .rollBack(let at): body.add(7, at)
        }
        return JournalFrame.bytes(of: body.bytes)
    }

    /// The controller that the complete records make, from the plan and the fleet that the rollout began with. Offers
    /// are not repeated: each agent is told what it is meant to have when it connects
    /// (`RolloutController.target(of:)`).
    /// - Throws: a snapshot of another plan, fleet or version. A cut or damaged end is no error.
    public static func recover(
        _ bytes: [UInt8], plan: RolloutPlan, fleet: RolloutFleet, seed: UInt64? = nil,
        revision: Revision = Revision(1), former: Revision = .initial
    ) throws(SnapshotError) -> Recovery {
        var recovery = Recovery(
            controller: RolloutController(plan: plan, fleet: fleet, seed: seed, revision: revision, former: former),
            records: 0, bytes: 0)
        var output = RolloutOutput()
        while let (record, end) = next(bytes, from: recovery.bytes) {
            if case .snapshot(let state) = record {
                recovery.controller = try RolloutController(
                    snapshot: state, plan: plan, fleet: fleet, seed: seed, revision: revision, former: former)
            } else {
                recovery.controller.perform(record, &output)
                output.removeAll()
            }
            recovery.records += 1
            recovery.bytes = end
        }
        return recovery
    }

    /// The record that begins at a place, and where it ends; nil where none is complete.
    private static func next(_ bytes: [UInt8], from start: Int) -> (record: Record, end: Int)? {
        guard let (body, end) = JournalFrame.next(bytes, from: start), let record = try? record(body) else {
            return nil
        }
        return (record, end)
    }

    private static func record(_ body: ArraySlice<UInt8>) throws(SnapshotError) -> Record {
        var reader = StateReader(body)
        let kind = try reader.word(UInt8.self)
        if kind == 0 { return .snapshot(try reader.list(UInt8.self)) }
        let at = Instant(nanoseconds: try reader.word())
        switch kind {
        case 1: return .begin(at)
        case 2:
            let (agent, revision) = (try reader.word(UInt32.self), Revision(try reader.word(UInt16.self)))
            guard let kind = AgentOutcome.Kind(rawValue: try reader.word()) else { throw .damaged }
            let component = kind.isOfComponent ? try reader.word(UInt8.self) : 0
            return .outcome(AgentOutcome(at: at, agent: agent, revision: revision, kind: kind, component: component))
        case 3: return .advance(at)
        case 4: return .pause(at)
        case 5: return .resume(at)
        case 6: return .abort(at)
        case 7: return .rollBack(at)
        default: throw .damaged
        }
    }
}

extension RolloutController {
    /// Takes an input as the journal has it.
    public mutating func perform(_ record: RolloutJournal.Record, _ output: inout RolloutOutput) {
        switch record {
        case .snapshot: break
        case .begin(let at): begin(at: at, &output)
        case .outcome(let outcome): received(outcome, &output)
        case .advance(let at): advance(to: at, &output)
        case .pause(let at): pause(at: at, &output)
        case .resume(let at): resume(at: at, &output)
        case .abort(let at): abort(at: at, &output)
        case .rollBack(let at): rollBack(at: at, &output)
        }
    }
}

extension AgentOutcome.Kind {
    fileprivate var isOfComponent: Bool { self == .componentUnhealthy || self == .componentHealthy }
}

extension StateWriter {
    fileprivate mutating func add(_ kind: UInt8, _ at: Instant) {
        add(kind)
        add(at.nanoseconds)
    }
}
