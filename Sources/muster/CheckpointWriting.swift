import Metrics
import Report
import Synchronization

/// Writes the checkpoints of a run. The first that cannot be written is reported; the run goes on.
final class CheckpointWriting: Sendable {
    private let directory: ResultsDirectory
    private let warnings: [RunWarning]
    private let tell: @Sendable (String) -> Void
    private let hasTold = Atomic(false)

    init(_ directory: ResultsDirectory, warnings: [RunWarning], tell: @escaping @Sendable (String) -> Void) {
        self.directory = directory
        self.warnings = warnings
        self.tell = tell
    }

    @Sendable
    func write(_ summary: RunSummary) {
        var summary = summary
        summary.warnings += warnings
        do throws(ResultsError) { try directory.checkpoint(summary) } catch {
            guard !hasTold.exchange(true, ordering: .relaxed) else { return }
            tell("WARNING: no checkpoint of the results could be written: \(error)")
        }
    }
}
