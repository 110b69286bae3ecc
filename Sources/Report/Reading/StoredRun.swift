public import Basis
import Foundation
public import Metrics

/// The results of a run, read back from its directory.
///
/// `summary.json`, `series.csv` and `histograms.hlog` together have everything that the run measured, to the bucket;
/// `record(thresholds:)` makes the run of them again.
public struct StoredRun: Sendable {
    public let path: String
    public let summary: SummaryDocument
    /// The text of the resolved profile.
    public let profile: String
    public let log: HistogramLog

    /// Reads `summary.json`, `profile.yaml` and `histograms.hlog`.
    public init(path: String) throws(StoredRunError) {
        self.path = path
        let json = try Self.text(path, "summary.json", Self.maxSummary)
        guard let summary = try? SummaryDocument(json: Data(json.utf8)), summary.schema == SummaryDocument.schemaName,
            let figures = try? JSONDecoder().decode(LargestFigure.self, from: Data(json.utf8)),
            figures.value <= LargestFigure.maxOfARun
        else { throw .notASummary(path: path) }
        guard summary.schemaVersion <= SummaryDocument.currentVersion else {
            throw .newer(path: path, version: summary.schemaVersion)
        }
        self.summary = summary
        profile = try Self.text(path, "profile.yaml", Self.maxProfile)
        let lines = try Self.text(path, "histograms.hlog", Self.maxLog)
        do throws(HistogramLogError) { log = try HistogramLog.read(lines) } catch {
            throw .histograms(path: path, "\(error)")
        }
    }

    /// The run as it was recorded.
    /// - Parameter threshold: reads the text of a threshold.
    public func record(threshold: (String) -> Threshold?) throws(StoredRunError) -> RunRecord {
        let index = HistogramIndex(log)
        let text = try Self.text(path, "series.csv", Self.maxSeries)
        let rows: [SeriesRow]
        do throws(SeriesTable.ReadingError) { rows = try SeriesTable.rows(text, index) } catch {
            throw .series(path: path, "\(error)")
        }
        return RunRecord(
            summary: summary.restored(index, threshold: threshold), series: rows, histograms: log.entries,
            profile: profile)
    }

    private static func text(_ path: String, _ name: String, _ limit: Int) throws(StoredRunError) -> String {
        do throws(FileError) { return try Files.text("\(path)/\(name)", limit: limit) } catch { throw .file(error) }
    }

    private static let maxSummary = 64 << 20
    private static let maxProfile = 16 << 20
    private static let maxLog = 1 << 30
    private static let maxSeries = 256 << 20
}

/// The largest figure of a summary. Larger ones than a run can have, in a damaged file, would overflow when they are
/// added up.
struct LargestFigure: Decodable {
    /// A petabyte, or more seconds than `Nanoseconds` can hold.
    static let maxOfARun = 1e15
    /// Of any size: the seed, and what a server has said.
    private static let others: Set = ["seed", "scraped", "reconciliation"]

    let value: Double

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let section = try? container.decode([String: LargestFigure].self) {
            value = section.filter { !Self.others.contains($0.key) }.map(\.value.value).max() ?? 0
        } else if let list = try? container.decode([LargestFigure].self) {
            value = list.map(\.value).max() ?? 0
        } else {
            value = (try? container.decode(Double.self))?.magnitude ?? 0
        }
    }
}

/// Why results cannot be read back.
public enum StoredRunError: Error, Hashable, CustomStringConvertible {
    case file(FileError)
    case notASummary(path: String)
    case newer(path: String, version: Int)
    case histograms(path: String, String)
    case series(path: String, String)

    public var description: String {
        switch self {
        case .file(let error): "\(error)"
        case .notASummary(let path):
            "\(path)/summary.json is not the summary of a run of this release; name the directories of results"
        case .newer(let path, let version):
            "\(path)/summary.json has schema version \(version), which is newer than this release's "
                + "(\(SummaryDocument.currentVersion)): use the release that wrote it"
        case .histograms(let path, let problem): "\(path)/histograms.hlog: \(problem)"
        case .series(let path, let problem): "\(path)/series.csv: \(problem)"
        }
    }
}
