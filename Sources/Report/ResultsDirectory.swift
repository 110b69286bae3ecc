import Basis
import Foundation
public import Metrics
import Synchronization

/// Where the results of one run are written: `results/<run>/`, documented in `docs/results.md`.
///
/// It is locked until its results are complete, so that no other run writes there, and holds the room of
/// `summary.json` from its start. Each file appears whole or not at all. Checkpoints put a summary there while the run
/// goes on, as of an interrupted one; the last summary is written after all other files, and says which are missing.
public final class ResultsDirectory: Sendable {
    /// Runs of one name that may exist side by side: two starts within a second, in a script.
    static let maxRunsOfOneName = 99
    /// Room for the summary: about ten times the size of one with a few phases.
    static let summaryBytes = 512 << 10

    private static let summaryName = "summary.json"
    /// The journal, where a run keeps one.
    public static let journalName = "journal.csv.zst"
    private static let lockName = ".lock"
    /// Every file that a run may write.
    static let names = [
        "summary.json", "report.html", "series.csv", "histograms.hlog", "waves.csv", "transitions.csv", "profile.yaml",
        JUnitText.fileName, journalName,
    ]

    public let path: String
    /// Held until the results are complete.
    private let lock: Mutex<FileLock?>
    private let summary: ReservedFile
    /// Whether the directory did not exist before.
    private let isNew: Bool

    /// The run's name: the directory's.
    public var run: String { URL(fileURLWithPath: path).lastPathComponent }

    /// Takes the directory that the user named; creates it where it is missing.
    /// - Parameter replacing: whether results of another run that are there are deleted; without it they are a reason
    ///   to refuse.
    /// - Throws: `ResultsError`; nothing has been deleted then.
    public static func create(at path: String, replacing: Bool = false) throws(ResultsError) -> ResultsDirectory {
        let path = URL(fileURLWithPath: path, isDirectory: true).standardizedFileURL.path
        let isNew: Bool
        do throws(FileError) { isNew = try Files.createDirectory(path) } catch { throw .file(error) }
        return try ResultsDirectory(path: path, isNew: isNew, replacing: replacing)
    }

    /// Creates the directory of a run in `parent`, and the ones above it where they are missing. Where the name is
    /// taken, it gets a number.
    public static func create(in parent: String, run: String) throws(ResultsError) -> ResultsDirectory {
        let parent = URL(fileURLWithPath: parent, isDirectory: true).standardizedFileURL.path
        do throws(FileError) { try Files.createDirectory(parent) } catch { throw .file(error) }
        for number in 1...maxRunsOfOneName {
            let path = "\(parent)/\(number == 1 ? run : "\(run)-\(number)")"
            do throws(FileError) {
                guard try Files.createDirectory(path) else { continue }
            } catch {
                if error.cause == .notADirectory { continue }
                throw .file(error)
            }
            return try ResultsDirectory(path: path, isNew: true, replacing: false)
        }
        throw .tooManyRuns(path: "\(parent)/\(run)")
    }

    private init(path: String, isNew: Bool, replacing: Bool) throws(ResultsError) {
        self.path = path
        self.isNew = isNew
        let attempt: FileLock.Attempt
        do throws(FileError) {
            attempt = try FileLock.acquire(
                "\(path)/\(Self.lockName)", note: "process \(ProcessInfo.processInfo.processIdentifier)")
        } catch {
            throw .file(error)
        }
        switch attempt {
        case .held(let note): throw .inUse(path: path, by: note)
        case .acquired(let lock): self.lock = Mutex(lock)
        }
        let present = Self.names.filter { Files.exists("\(path)/\($0)") }
        guard present.isEmpty || replacing else { throw .holdsAnotherRun(path: path, files: present) }
        do throws(FileError) {
            summary = try ReservedFile("\(path)/\(Self.summaryName)", bytes: Self.summaryBytes)
            for name in present { try Files.delete("\(path)/\(name)") }
        } catch {
            if isNew { Self.remove(path) }
            throw .file(error)
        }
    }

    /// Deletes the directory again, where it was created for a run that never began.
    public func abandon() {
        if isNew { Self.remove(path) }
    }

    /// Deletes a directory in which nothing has been written.
    private static func remove(_ path: String) {
        for name in [lockName, ".\(summaryName).part", journalName] { try? Files.delete("\(path)/\(name)") }
        rmdir(path)
    }

    /// Writes the summary of a run that goes on, for the case that its process is killed.
    public func checkpoint(_ summary: RunSummary) throws(ResultsError) {
        guard let json = try? SummaryDocument(summary).json() else { throw .notEncodable(path: self.summary.path) }
        do throws(FileError) { try self.summary.putPreliminary(json) } catch { throw .file(error) }
    }

    /// Writes everything about a run.
    /// - Throws: `ResultsErrors`: the files that could not be written. All others have been, and the summary names
    ///   them.
    public func write(_ record: RunRecord) throws(ResultsErrors) {
        var missing: [(name: String, error: ResultsError)] = []
        func write(_ name: String, _ text: @autoclosure () -> String) {
            let file = "\(path)/\(name)"
            do throws(FileError) { try Files.replace(file, with: text().utf8) } catch {
                missing.append((name, .file(error)))
            }
        }
        write("profile.yaml", record.profile)
        write("series.csv", SeriesTable.text(of: record.series, scraped: record.summary.server?.names ?? []))
        if !record.summary.waves.isEmpty { write("waves.csv", WaveTable.text(of: record.summary.waves)) }
        if !record.trace.isEmpty { write("transitions.csv", TraceTable.text(of: record.trace)) }
        let log = HistogramLog(startTime: record.summary.identity.startedAt, entries: record.histograms)
        write("histograms.hlog", log.text)
        if !record.summary.thresholds.isEmpty { write(JUnitText.fileName, JUnitText.text(of: record.summary)) }
        write("report.html", ReportPage.html(for: record))
        if let error = complete(record, missing: missing.map(\.name)) { missing.append((Self.summaryName, error)) }
        lock.withLock { $0 = nil }
        guard missing.isEmpty else { throw ResultsErrors(list: missing.map(\.error)) }
    }

    private func complete(_ record: RunRecord, missing: [String]) -> ResultsError? {
        var document = SummaryDocument(record.summary)
        document.missingFiles = missing.isEmpty ? nil : missing
        let advice = RunAdvice.list(record)
        if !advice.isEmpty {
            document.advice = advice.map { .init(rule: $0.rule.rawValue, message: $0.sentence) }
        }
        guard let json = try? document.json() else { return .notEncodable(path: summary.path) }
        do throws(FileError) {
            try summary.complete(json)
            return nil
        } catch {
            return .file(error)
        }
    }
}
