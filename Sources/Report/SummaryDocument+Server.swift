import Basis
import Metrics

extension SummaryDocument {
    /// What the server used of its machine, and what it served at `/metrics`.
    public struct ServerUsePart: Codable, Hashable, Sendable {
        /// `embedded`: in the tool's process; `process`: on this machine; `scraped`: elsewhere.
        public var source: String
        public var pid: Int32?
        public var name: String?
        public var cpuSeconds: Double?
        /// For each message of the run, in both directions.
        public var cpuPerMessageUs: Double?
        /// Before the first agent, and the most at any tick.
        public var firstResidentBytes: UInt64?
        public var peakResidentBytes: UInt64?
        /// What it grew by, over the agents that connected.
        public var bytesPerAgent: UInt64?
        public var peakThreads: Int?
        public var peakDescriptors: Int?
        /// In the order in which they were asked for; nil: none were.
        public var scraped: [ScrapedPart]?

        init(_ use: ServerUse, _ counters: CounterTable) {
            switch use.source {
            case .embedded: source = "embedded"
            case .scraped: source = "scraped"
            case .process(let pid, let name): (source, self.pid, self.name) = ("process", pid, name)
            }
            cpuSeconds = use.cpu?.seconds
            cpuPerMessageUs = use.cpuPerMessage(counters).map { Double($0.count) / 1e3 }
            firstResidentBytes = use.firstResidentBytes
            peakResidentBytes = use.peakResidentBytes
            bytesPerAgent = use.bytesPerAgent(counters)
            peakThreads = use.peakThreads
            peakDescriptors = use.peakDescriptors
            scraped = use.names.isEmpty ? nil : zip(use.names, use.scraped).map(ScrapedPart.init)
        }

        var restored: ServerUse {
            let source: ServerWatchSource =
                switch self.source {
                case "process": .process(pid: pid ?? 0, name: name ?? "")
                case "scraped": .scraped
                default: .embedded
                }
            return ServerUse(
                source: source, names: (scraped ?? []).map(\.name), cpu: cpuSeconds.map { Nanoseconds(seconds: $0) },
                firstResidentBytes: firstResidentBytes, peakResidentBytes: peakResidentBytes, peakThreads: peakThreads,
                peakDescriptors: peakDescriptors, scraped: (scraped ?? []).map(\.restored))
        }
    }

    /// One value over the run; the figures are nil where it was never a number.
    public struct ScrapedPart: Codable, Hashable, Sendable {
        public var name: String
        public var samples: Int
        public var first: Double?
        public var last: Double?
        public var min: Double?
        public var max: Double?

        init(_ name: String, _ value: ServerUse.ScrapedValue?) {
            self.name = name
            samples = value?.samples ?? 0
            (first, last, min, max) = (value?.first, value?.last, value?.min, value?.max)
        }

        fileprivate var restored: ServerUse.ScrapedValue? {
            guard let first, let last, let min, let max else { return nil }
            return ServerUse.ScrapedValue(first: first, last: last, min: min, max: max, samples: samples)
        }
    }
}

extension ClosingTable {
    /// What the server used of its machine.
    static func server(_ summary: RunSummary) -> [String]? {
        guard let use = summary.server else { return nil }
        switch use.source {
        case .embedded: return ["embedded: its use is part of the generator's"]
        case .scraped: break
        case .process: break
        }
        var parts: [String] = []
        if case .process(let pid, let name) = use.source { parts.append("\(name) (process \(pid))") }
        if let cpu = use.cpu {
            parts.append("CPU \(Figures.duration(cpu))")
            if let each = use.cpuPerMessage(summary.counters) {
                parts.append("\(Figures.duration(each)) CPU a message")
            }
        }
        if let peak = use.peakResidentBytes {
            let each = use.bytesPerAgent(summary.counters).map { ", \(Figures.bytes(Double($0))) an agent" } ?? ""
            parts.append("\(Figures.bytes(Double(peak))) memory\(each)")
        }
        if let threads = use.peakThreads { parts.append("\(threads) threads") }
        if let descriptors = use.peakDescriptors { parts.append("\(Figures.count(descriptors)) descriptors") }
        for (name, value) in zip(use.names, use.scraped) {
            parts.append(
                "\(name) \(value.map { "\(Figures.rate($0.first)) … \(Figures.rate($0.last))" } ?? "not there")")
        }
        return parts.isEmpty ? nil : parts
    }
}
