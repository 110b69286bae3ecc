import Basis
import Metrics
import Synchronization

/// Hands out the summary of a run while it runs, so that a process that is killed leaves one behind.
///
/// The summary is made by the collector, between two ticks; it is written by a task beside it, one at a time: a disk
/// that is slow makes checkpoints rare and nothing else late.
final class Checkpoints {
    private let interval: Nanoseconds
    private let identity: RunIdentity
    private let warnings: [RunWarning]
    private let write: @Sendable (RunSummary) -> Void
    private var next = Instant.zero
    private var writing: Task<Void, Never>?
    private let isWriting = ActivityFlag()

    /// - Parameter interval: the largest age of the latest summary. The first one is due at the first tick.
    init(
        interval: Nanoseconds, _ identity: RunIdentity, warnings: [RunWarning],
        _ write: @escaping @Sendable (RunSummary) -> Void
    ) {
        self.interval = interval
        self.identity = identity
        self.warnings = warnings
        self.write = write
    }

    /// The recorder has taken over the figures of a tick.
    func ticked(_ recorder: RunRecorder, at now: Instant, nextTick: Instant) {
        // At the tick before the interval ends, so that the latest summary is never older than it.
        guard nextTick > next, isWriting.raise() else { return }
        next = now + interval
        var summary = recorder.summary(of: identity, outcome: .interrupted)
        summary.warnings += warnings
        writing = Task.detached(priority: .utility) { [write, isWriting, summary] in
            write(summary)
            isWriting.lower()
        }
    }

    /// There are no more from now on.
    /// - Returns: the one that is being written, if any.
    func stop() -> Task<Void, Never>? {
        next = .distantFuture
        return writing
    }
}

/// Whether something is under way.
private final class ActivityFlag: Sendable {
    private let isRaised = Atomic(false)

    /// - Returns: whether it was not raised before.
    func raise() -> Bool {
        isRaised.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged
    }
    func lower() { isRaised.store(false, ordering: .releasing) }
}
