public import Basis

/// What the server under test has used of its machine until a moment, and what it holds.
public struct ServerSample: Hashable, Sendable {
    /// Processor time since the start of its process; nil where its process is not watched, or has ended.
    public var cpu: Nanoseconds?
    public var residentBytes: UInt64
    public var threads: Int
    public var descriptors: Int?
    /// What it serves at `/metrics`, by the names that were asked for; nil where a value was missing or no number.
    public var scraped: [Double?]

    public init(
        cpu: Nanoseconds? = nil, residentBytes: UInt64 = 0, threads: Int = 0, descriptors: Int? = nil,
        scraped: [Double?] = []
    ) {
        self.cpu = cpu
        self.residentBytes = residentBytes
        self.threads = threads
        self.descriptors = descriptors
        self.scraped = scraped
    }
}

/// The server in one interval of a run.
public struct ServerInterval: Hashable, Sendable {
    /// Processor time that it used in the interval; nil where it is not known.
    public var cpu: Nanoseconds?
    /// As of the end of the interval; nil where its process is not watched.
    public var residentBytes: UInt64?
    public var threads: Int?
    public var descriptors: Int?
    /// The latest values, as of `ServerSample.scraped`.
    public var scraped: [Double?]

    package init(
        cpu: Nanoseconds?, residentBytes: UInt64?, threads: Int?, descriptors: Int?, scraped: [Double?] = []
    ) {
        self.cpu = cpu
        self.residentBytes = residentBytes
        self.threads = threads
        self.descriptors = descriptors
        self.scraped = scraped
    }

    /// - Parameter earlier: the sample before; a process that began again since then has used what it has used.
    init(_ sample: ServerSample, since earlier: ServerSample?) {
        let isKnown = sample.cpu != nil
        var cpu = sample.cpu
        if let now = sample.cpu { cpu = earlier?.cpu.map { now >= $0 ? now - $0 : now } ?? .zero }
        self.init(
            cpu: cpu, residentBytes: isKnown ? sample.residentBytes : nil, threads: isKnown ? sample.threads : nil,
            descriptors: sample.descriptors, scraped: sample.scraped)
    }

    func merged(with next: ServerInterval) -> ServerInterval {
        var merged = next
        if let cpu { merged.cpu = (next.cpu ?? .zero) + cpu }
        merged.residentBytes = next.residentBytes ?? residentBytes
        merged.threads = next.threads ?? threads
        merged.descriptors = next.descriptors ?? descriptors
        if scraped.count == next.scraped.count { merged.scraped = zip(next.scraped, scraped).map { $0 ?? $1 } }
        return merged
    }
}

/// Where the figures of the server come from.
public enum ServerWatchSource: Hashable, Sendable {
    /// In the tool's own process: its use is part of the tool's.
    case embedded
    /// A process of this machine.
    case process(pid: Int32, name: String)
    /// Only what it serves at `/metrics`.
    case scraped
}

/// What the server used over a run.
public struct ServerUse: Hashable, Sendable {
    public var source: ServerWatchSource
    /// The names that were scraped, in the order of `ServerInterval.scraped`.
    public var names: [String]
    /// Processor time over the run; nil where it is not known.
    public private(set) var cpu: Nanoseconds?
    /// Memory before the first agent, and the most at any tick, in bytes.
    public private(set) var firstResidentBytes: UInt64?
    public private(set) var peakResidentBytes: UInt64?
    public private(set) var peakThreads: Int?
    public private(set) var peakDescriptors: Int?
    /// By the place of the name: the first value, the last, the least, the greatest; nil where there was none.
    public private(set) var scraped: [ScrapedValue?]
    private var latest: ServerSample?

    public struct ScrapedValue: Hashable, Sendable {
        public var first: Double
        public var last: Double
        public var min: Double
        public var max: Double
        public var samples: Int

        package init(first: Double, last: Double, min: Double, max: Double, samples: Int) {
            self.first = first
            self.last = last
            self.min = min
            self.max = max
            self.samples = samples
        }

        init(_ value: Double) {
            self.init(first: value, last: value, min: value, max: value, samples: 1)
        }

        mutating func add(_ value: Double) {
            last = value
            min = Swift.min(min, value)
            max = Swift.max(max, value)
            samples += 1
        }
    }

    public init(source: ServerWatchSource, names: [String] = []) {
        self.source = source
        self.names = names
        scraped = [ScrapedValue?](repeating: nil, count: names.count)
    }

    package init(
        source: ServerWatchSource, names: [String], cpu: Nanoseconds?, firstResidentBytes: UInt64?,
        peakResidentBytes: UInt64?, peakThreads: Int?, peakDescriptors: Int?, scraped: [ScrapedValue?]
    ) {
        self.source = source
        self.names = names
        self.cpu = cpu
        self.firstResidentBytes = firstResidentBytes
        self.peakResidentBytes = peakResidentBytes
        self.peakThreads = peakThreads
        self.peakDescriptors = peakDescriptors
        self.scraped = scraped
    }

    /// The sample of a tick. The first one is from before the first agent.
    mutating func add(_ sample: ServerSample) -> ServerInterval {
        let interval = ServerInterval(sample, since: latest)
        if let used = interval.cpu {
            cpu = (cpu ?? .zero) + used
            firstResidentBytes = firstResidentBytes ?? sample.residentBytes
            peakResidentBytes = max(peakResidentBytes ?? 0, sample.residentBytes)
            peakThreads = max(peakThreads ?? 0, sample.threads)
            if let descriptors = sample.descriptors { peakDescriptors = max(peakDescriptors ?? 0, descriptors) }
        }
        for (index, value) in sample.scraped.enumerated() where index < scraped.count {
            guard let value else { continue }
            if scraped[index] == nil { scraped[index] = ScrapedValue(value) } else { scraped[index]?.add(value) }
        }
        latest = sample
        return interval
    }

    /// The processor time of the server for each message of the run, in both directions.
    public func cpuPerMessage(_ counters: CounterTable) -> Nanoseconds? {
        let messages = counters[.messagesSent] + counters[.messagesReceived]
        guard let cpu, messages > 0 else { return nil }
        return Nanoseconds(cpu.count / Int64(clamping: messages))
    }

    /// The memory that the server took for each agent of the run: what it grew by, over the agents that connected.
    public func bytesPerAgent(_ counters: CounterTable) -> UInt64? {
        guard let first = firstResidentBytes, let peak = peakResidentBytes, counters[.agentsConnected] > 0 else {
            return nil
        }
        return (peak - min(first, peak)) / counters[.agentsConnected]
    }
}
