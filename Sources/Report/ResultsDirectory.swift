public import Foundation
public import Metrics

/// Where the results of one run are written: `results/<run>/`, documented in `docs/results.md`.
///
/// Each file appears whole or not at all: it is written beside its place under another name and then renamed. The
/// summary is written last, so a directory that has one has everything.
public struct ResultsDirectory: Hashable, Sendable {
    /// Runs of one name that may stand side by side: two starts within a second, in a script.
    static let maxRunsOfOneName = 99

    public let url: URL

    /// The run's name: `run`, with a number where the name was taken.
    public var run: String { url.lastPathComponent }

    /// Makes the directory of a run, and the ones above it where they are missing.
    public static func create(in parent: String, run: String) throws(ResultsError) -> ResultsDirectory {
        let parentURL = URL(fileURLWithPath: parent, isDirectory: true)
        do {
            try FileManager.default.createDirectory(at: parentURL, withIntermediateDirectories: true)
        } catch {
            throw ResultsError(path: parentURL.path, error)
        }
        for number in 1...maxRunsOfOneName {
            let url = parentURL.appendingPathComponent(number == 1 ? run : "\(run)-\(number)", isDirectory: true)
            guard !FileManager.default.fileExists(atPath: url.path) else { continue }
            do {
                try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
            } catch {
                throw ResultsError(path: url.path, error)
            }
            return ResultsDirectory(url: url)
        }
        throw ResultsError(path: parentURL.appendingPathComponent(run).path, cause: .tooManyRuns)
    }

    /// Writes everything about a run; may be called again during a run, as a checkpoint.
    public func write(_ record: RunRecord) throws(ResultsError) {
        try write(record.profile, to: "profile.yaml")
        try write(SeriesTable.text(of: record.series), to: "series.csv")
        if !record.summary.waves.isEmpty { try write(WaveTable.text(of: record.summary.waves), to: "waves.csv") }
        if !record.trace.isEmpty { try write(TraceTable.text(of: record.trace), to: "transitions.csv") }
        let log = HistogramLog(startTime: record.summary.identity.startedAt, entries: record.histograms)
        try write(log.text, to: "histograms.hlog")
        try write(ReportPage.html(for: record), to: "report.html")
        let summary: Data
        do {
            summary = try SummaryDocument(record.summary).json()
        } catch {
            throw ResultsError(path: url.appendingPathComponent("summary.json").path, cause: .notEncodable)
        }
        try write(summary, to: "summary.json")
    }

    private func write(_ text: String, to name: String) throws(ResultsError) {
        try write(Data(text.utf8), to: name)
    }

    private func write(_ data: Data, to name: String) throws(ResultsError) {
        let place = url.appendingPathComponent(name)
        let draft = url.appendingPathComponent(".\(name).part")
        do {
            try data.write(to: draft)
            guard rename(draft.path, place.path) == 0 else {
                throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
            }
        } catch {
            try? FileManager.default.removeItem(at: draft)
            throw ResultsError(path: place.path, error)
        }
    }
}
