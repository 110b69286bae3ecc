/// What produced telemetry: the same for all of one agent's.
public struct TelemetrySource: Hashable, Sendable {
    /// The resource's attributes.
    public var attributes: [TelemetryAttribute]
    /// The instrumentation scope.
    public var scope: String
    public var version: String

    public init(attributes: [TelemetryAttribute], scope: String, version: String) {
        self.attributes = attributes
        self.scope = scope
        self.version = version
    }
}

public struct TelemetryAttribute: Hashable, Sendable {
    public enum Value: Hashable, Sendable {
        case text(String)
        case flag(Bool)
        case integer(Int64)
        case real(Double)
    }

    public var key: String
    public var value: Value

    public init(_ key: String, _ value: Value) {
        self.key = key
        self.value = value
    }

    public init(_ key: String, _ text: String) {
        self.init(key, .text(text))
    }
}

/// A metric with its data points.
public struct TelemetryMetric: Hashable, Sendable {
    public enum Form: Hashable, Sendable {
        /// What is so at the moment.
        case gauge
        /// What has added up since the start: a cumulative, monotonic sum.
        case counter
        /// What grows and shrinks and may be added up over agents: a cumulative sum that is not monotonic.
        case upDownCounter
        /// Distributions: exponential histograms.
        case histogram
    }

    /// What a point of a sum or a distribution covers.
    public enum Temporality: String, CaseIterable, Hashable, Sendable {
        /// The time since the start.
        case cumulative
        /// The time since the point before.
        case delta
    }

    public enum Value: Hashable, Sendable {
        case integer(Int64)
        case real(Double)
        case distribution(TelemetryDistribution)
    }

    public struct Point: Hashable, Sendable {
        public var value: Value
        public var attributes: [TelemetryAttribute]

        public init(_ value: Value, _ attributes: [TelemetryAttribute] = []) {
            self.value = value
            self.attributes = attributes
        }
    }

    public var name: String
    public var summary: String
    /// In UCUM, such as `s` or `By`.
    public var unit: String
    public var form: Form
    public var points: [Point]
    public var temporality = Temporality.cumulative

    public init(_ name: String, _ summary: String, unit: String, _ form: Form, _ points: [Point]) {
        self.name = name
        self.summary = summary
        self.unit = unit
        self.form = form
        self.points = points
    }
}

/// The sixteen bytes that all spans of one trace share.
public struct TraceIdentifier: Hashable, Sendable {
    public var high: UInt64
    public var low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

/// A span of the agent's own work. Times are UNIX nanoseconds.
public struct TelemetrySpan: Hashable, Sendable {
    public var trace: TraceIdentifier
    public var identifier: UInt64
    public var name: String
    public var start: UInt64
    public var end: UInt64
    public var attributes: [TelemetryAttribute]
    /// Why the work failed; `nil` where it did not.
    public var failure: String?

    public init(
        trace: TraceIdentifier, identifier: UInt64, name: String, start: UInt64, end: UInt64,
        attributes: [TelemetryAttribute] = [], failure: String? = nil
    ) {
        self.trace = trace
        self.identifier = identifier
        self.name = name
        self.start = start
        self.end = end
        self.attributes = attributes
        self.failure = failure
    }
}

/// A log record.
public struct TelemetryRecord: Hashable, Sendable {
    /// The severities that are used, by their numbers in the data model.
    public enum Severity: UInt64, Hashable, Sendable {
        case information = 9
        case warning = 13
        case error = 17

        public var text: String {
            switch self {
            case .information: "INFO"
            case .warning: "WARN"
            case .error: "ERROR"
            }
        }
    }

    /// UNIX nanoseconds.
    public var time: UInt64
    public var severity: Severity
    public var body: String
    /// What kind of event it is.
    public var event: String
    public var attributes: [TelemetryAttribute]

    public init(
        time: UInt64, severity: Severity, body: String, event: String, attributes: [TelemetryAttribute] = []
    ) {
        self.time = time
        self.severity = severity
        self.body = body
        self.event = event
        self.attributes = attributes
    }
}

/// Values in buckets that grow exponentially: bucket i holds the values above base to the power of i and up to base to
/// the
/// power of i + 1, where the base is 2 to the power of 2 to the power of `-scale`.
public struct TelemetryDistribution: Hashable, Sendable {
    public var count: UInt64
    public var sum: Double
    public var min: Double
    public var max: Double
    public var zeroCount: UInt64
    public var scale: Int32
    /// The first bucket.
    public var offset: Int32
    /// Without gaps.
    public var counts: [UInt64]

    public init(
        count: UInt64, sum: Double, min: Double, max: Double, zeroCount: UInt64, scale: Int32, offset: Int32,
        counts: [UInt64]
    ) {
        self.count = count
        self.sum = sum
        self.min = min
        self.max = max
        self.zeroCount = zeroCount
        self.scale = scale
        self.offset = offset
        self.counts = counts
    }
}
