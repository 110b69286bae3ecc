import AgentModel
public import Basis
import Dispatch
import Metrics
import Synchronization
import Transport

/// Every change of state of every agent of a run: `journal.csv.zst`, frames of zstd with the lines of
/// `transitions.csv`.
///
/// Shards hand over blocks of changes; they are written by a queue beside them. Bounded: a journal that is full, or a
/// disk
/// that is slower than the run, makes changes that are counted and not kept.
public final class Journal: Sendable {
    /// No journal is longer, in bytes; about ten bytes a change.
    public static let maxBytes = 256 << 20
    /// No frame holds more text, in bytes.
    public static let maxFrame = 8 << 20
    /// Blocks that wait to be written; further ones are dropped.
    private static let maxWaiting = 256

    /// What became of it.
    public struct End: Hashable, Sendable {
        public var changes: UInt64 = 0
        /// Not kept.
        public var dropped: UInt64 = 0
        public var bytes = 0
        /// Why nothing more could be written; nil: all could.
        public var problem: FileError?
    }

    private struct State {
        var end = End()
        var waiting = 0
        var start = Instant.zero
    }

    public let path: String
    private let queue = DispatchQueue(label: "muster.journal", qos: .utility)
    private let writer: JournalFile
    private let state = Mutex(State())

    /// Creates the file.
    public init(path: String) throws(FileError) {
        self.path = path
        writer = JournalFile(try FileWriter(creating: path))
    }

    /// What the times count from.
    public func begin(at start: Instant) {
        state.withLock { $0.start = start }
        write([], text: TracedTransition.columns.joined(separator: ",") + "\n")
    }

    /// A block of changes; any thread.
    func take(_ block: [JournalChange]) {
        let isTaken = state.withLock { state in
            guard state.waiting < Self.maxWaiting, state.end.problem == nil, state.end.bytes < Self.maxBytes else {
                state.end.dropped += UInt64(block.count)
                return false
            }
            state.waiting += 1
            return true
        }
        guard isTaken else { return }
        queue.async { [self] in
            write(block, text: "")
            state.withLock { $0.waiting -= 1 }
        }
    }

    private func write(_ block: [JournalChange], text: String) {
        let start = state.withLock { $0.start }
        let frame = ZstdFrames.frame(Array(text.utf8) + writer.lines(of: block, since: start))
        do throws(FileError) {
            try writer.write(frame)
            state.withLock { state in
                state.end.bytes += frame.count
                state.end.changes += UInt64(block.count)
            }
        } catch {
            state.withLock { state in
                state.end.problem = error
                state.end.dropped += UInt64(block.count)
            }
        }
    }

    /// Writes what waits, and closes the file.
    public func finish() -> End {
        queue.sync { writer.finish() }
        return state.withLock { $0.end }
    }
}

/// The journal's file; used by its queue, and before the run by the one that made it.
private final class JournalFile: @unchecked Sendable {
    // Every use is on the journal's queue, or before the first block is handed over.
    private let writer: FileWriter
    /// What the lines of a step have in common: bounded, since a server may invent causes without end.
    private var steps: [Step: [UInt8]] = [:]

    private struct Step: Hashable {
        let from: AgentState
        let to: AgentState
        let cause: TransitionCause
    }

    init(_ writer: FileWriter) {
        self.writer = writer
    }

    func lines(of block: [JournalChange], since start: Instant) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(block.count * Self.usualLine)
        for change in block {
            let step = Step(from: change.step.from, to: change.step.to, cause: change.step.cause)
            let cells = steps[step] ?? TracedTransition.cells(of: Transition(change.step))
            if steps[step] == nil {
                if steps.count >= TransitionTable.capacity { steps = [:] }
                steps[step] = cells
            }
            TracedTransition.append(
                agent: change.agent, at: change.step.at - start, spent: change.step.spent, step: cells, to: &bytes)
            bytes.append(UInt8(ascii: "\n"))
        }
        return bytes
    }

    func write(_ bytes: [UInt8]) throws(FileError) { try writer.write(bytes) }
    func finish() { writer.finish() }

    /// A longer line makes the memory grow.
    private static let usualLine = 80
}

/// A change of state of an agent.
struct JournalChange: Sendable {
    let agent: UInt64
    let step: StateChange
}

/// A shard's part of the journal: the changes since the last block. Confined to its shard.
final class JournalPart {
    private let journal: Journal
    private var block: [JournalChange] = []
    /// Some 200 KB.
    private static let blockSize = 4_096

    init(_ journal: Journal) {
        self.journal = journal
        block.reserveCapacity(Self.blockSize)
    }

    func note(_ change: StateChange, of index: UInt64) {
        block.append(JournalChange(agent: index, step: change))
        if block.count >= Self.blockSize { flush() }
    }

    func flush() {
        guard !block.isEmpty else { return }
        journal.take(block)
        block = []
        block.reserveCapacity(Self.blockSize)
    }
}
