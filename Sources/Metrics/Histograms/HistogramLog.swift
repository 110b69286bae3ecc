import Basis

/// A histogram log: the text format that HdrHistogram's own tools read, merge and plot.
///
/// Times are seconds from the log's start, the column of maxima is in milliseconds, values are nanoseconds.
public struct HistogramLog: Hashable, Sendable {
    /// Seconds since 1970.
    public var startTime: Double
    public var entries: [TaggedHistogram]

    public init(startTime: Double, entries: [TaggedHistogram]) {
        self.startTime = startTime
        self.entries = entries
    }

    /// The file's text. Entries are ordered by their start, as readers expect.
    public var text: String {
        let time = Decimal3.text(startTime)
        var text = """
            #[Histogram log format version 1.3]
            #[StartTime: \(time) (seconds since epoch), muster]
            #[BaseTime: \(time) (seconds since epoch)]
            "StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"

            """
        let ordered = entries.enumerated().sorted { ($0.element.start, $0.offset) < ($1.element.start, $1.offset) }
        for (_, entry) in ordered {
            if !entry.tag.isEmpty { text += "Tag=\(Self.tag(entry.tag))," }
            text += Decimal3.text(entry.start.seconds) + "," + Decimal3.text(entry.length.seconds) + ","
            text += Figures.decimals(Double(entry.histogram.highest) / 1e6, 6) + ","
            text += HistogramCodec.encode(entry.histogram) + "\n"
        }
        return text
    }

    /// Reads a log, of this tool or any other.
    /// - Throws: the first line that cannot be read, and why.
    public static func read(_ text: String) throws(HistogramLogError) -> HistogramLog {
        var log = HistogramLog(startTime: 0, entries: [])
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (offset, line) in lines.enumerated() {
            if let time = startTime(in: line) { log.startTime = time }
            guard let first = line.first, first != "#", first != "\"" else { continue }
            log.entries.append(try entry(line, number: offset + 1))
        }
        return log
    }

    /// The logs as of one run: totals and phases of the same tag added up. Intervals are left out, for those of
    /// different runs do not cover the same time.
    public static func merge(_ logs: [HistogramLog]) -> HistogramLog {
        var merged: [TaggedHistogram] = []
        var positions: [String: Int] = [:]
        for entry in logs.flatMap(\.entries) where !entry.tag.hasPrefix("interval/") {
            if let position = positions[entry.tag] {
                merged[position].histogram = merged[position].histogram.merged(with: entry.histogram)
                merged[position].start = min(merged[position].start, entry.start)
                merged[position].length = max(merged[position].length, entry.length)
            } else {
                positions[entry.tag] = merged.count
                merged.append(entry)
            }
        }
        return HistogramLog(startTime: logs.map(\.startTime).min() ?? 0, entries: merged)
    }

    /// Commas, blanks and line breaks would end a tag.
    static func tag(_ tag: String) -> String {
        String(tag.map { $0 == "," || $0.isWhitespace ? "_" : $0 })
    }

    private static func startTime(in line: Substring) -> Double? {
        let prefix = "#[StartTime: "
        guard line.hasPrefix(prefix) else { return nil }
        return Double(line.dropFirst(prefix.count).prefix { $0 != " " })
    }

    private static func entry(_ line: Substring, number: Int) throws(HistogramLogError) -> TaggedHistogram {
        var fields = line.split(separator: ",", omittingEmptySubsequences: false)
        var tag = ""
        if let first = fields.first, first.hasPrefix("Tag=") {
            tag = String(first.dropFirst("Tag=".count))
            fields.removeFirst()
        }
        guard fields.count == 4, let start = Double(fields[0]), let length = Double(fields[1]),
            let highest = Double(fields[2])
        else {
            throw HistogramLogError(line: number, cause: .notAnEntry)
        }
        do {
            let histogram = try HistogramCodec.decode(fields[3]).endingAt(milliseconds: highest)
            return TaggedHistogram(
                tag: tag, start: Nanoseconds(seconds: start), length: Nanoseconds(seconds: length), histogram: histogram
            )
        } catch {
            throw HistogramLogError(line: number, cause: HistogramLogError.Cause(error))
        }
    }
}

/// A histogram log that cannot be read.
public struct HistogramLogError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Cause: Hashable, Sendable {
        case notAnEntry
        case notBase64
        case notCompressedV2
        case damaged
        case otherLayout(lowest: UInt64, significantDigits: UInt32)

        init(_ failure: HistogramCodec.Failure) {
            switch failure {
            case .notBase64: self = .notBase64
            case .notCompressedV2: self = .notCompressedV2
            case .damaged: self = .damaged
            case .otherLayout(let lowest, let digits): self = .otherLayout(lowest: lowest, significantDigits: digits)
            }
        }
    }

    /// From 1.
    public var line: Int
    public var cause: Cause

    public var description: String {
        let what =
            switch cause {
            case .notAnEntry: "is not an entry (tag, start, length, maximum, histogram)"
            case .notBase64: "holds a histogram that is not base 64"
            case .notCompressedV2: "holds no histogram in the compressed V2 format"
            case .damaged: "holds a damaged histogram: is the file complete?"
            case .otherLayout(let lowest, let digits):
                "holds a histogram with other buckets (lowest value \(lowest), \(digits) digits; these are "
                    + "\(LatencyScale.lowest) and \(LatencyScale.significantDigits)): it cannot be added exactly"
            }
        return "line \(line) \(what)"
    }
}

/// Numbers with three decimals, without the help of Foundation.
enum Decimal3 {
    static func text(_ value: Double) -> String {
        guard value.isFinite, value.magnitude < 9e15 else { return "0.000" }
        let thousandths = Int64((value * 1000).rounded())
        let digits = String(thousandths.magnitude % 1000)
        let sign = thousandths < 0 ? "-" : ""
        return sign + "\(thousandths.magnitude / 1000)." + String(repeating: "0", count: 3 - digits.count) + digits
    }
}
