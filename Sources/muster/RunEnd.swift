import Basis
import Metrics
import Report

/// What `run` and `merge` end with.
enum RunEnd {
    /// - Throws: the exit code that says what became of the run and its thresholds.
    static func check(_ summary: RunSummary, allowUndecided: Bool) throws {
        switch summary.outcome {
        case .completed, .stopped: break
        case .interrupted: throw ExitStatus.interrupted
        case .failed(let reason): throw Failure(.runFailed, "the run failed: \(reason)")
        }
        switch summary.thresholds.state {
        case .failed: throw ExitStatus.thresholdFailed
        case .notDecided where !allowUndecided: throw ExitStatus.thresholdNotDecided
        case .passed, .notDecided, nil: return
        }
    }

    static func writeJUnit(_ summary: RunSummary, to path: String) throws {
        do throws(FileError) {
            try Files.replace(path, with: JUnitText.text(of: summary).utf8)
        } catch { throw Failure(.runFailed, "\(error)") }
    }
}
