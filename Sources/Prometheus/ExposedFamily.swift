/// All metrics of a name on a page for scrapers, whatever the format of the page.
public struct ExposedFamily: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable {
        case counter, gauge, summary, histogram
    }

    public struct Label: Hashable, Sendable {
        public var name: String
        public var value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    public struct Quantile: Hashable, Sendable {
        /// 0...1.
        public var quantile: Double
        public var value: Double

        public init(_ quantile: Double, _ value: Double) {
            self.quantile = quantile
            self.value = value
        }
    }

    /// Values by size: classic buckets, and those of a native histogram where the scraper can read them.
    public struct Distribution: Hashable, Sendable {
        public var count: UInt64
        public var sum: Double
        /// How many values are at most each bound; the bounds rise, and the last one is not infinite.
        public var buckets: [Bucket]
        public var native: NativeBuckets?

        public struct Bucket: Hashable, Sendable {
            public var bound: Double
            public var cumulative: UInt64

            public init(bound: Double, cumulative: UInt64) {
                self.bound = bound
                self.cumulative = cumulative
            }
        }

        public init(count: UInt64, sum: Double, buckets: [Bucket], native: NativeBuckets? = nil) {
            self.count = count
            self.sum = sum
            self.buckets = buckets
            self.native = native
        }
    }

    public enum Value: Hashable, Sendable {
        case number(Double)
        case summary(count: UInt64, sum: Double, [Quantile])
        case distribution(Distribution)
    }

    public struct Sample: Hashable, Sendable {
        /// In the order of their names.
        public var labels: [Label]
        public var value: Value

        public init(_ labels: [Label] = [], _ value: Value) {
            self.labels = labels
            self.value = value
        }
    }

    public var name: String
    /// One line of text without a backslash.
    public var help: String
    public var kind: Kind
    public var samples: [Sample]

    public init(_ name: String, _ kind: Kind, _ help: String, _ samples: [Sample]) {
        self.name = name
        self.help = help
        self.kind = kind
        self.samples = samples
    }

    /// A family of one number without labels.
    public init(_ name: String, _ kind: Kind, _ help: String, _ value: Double) {
        self.init(name, kind, help, [Sample([], .number(value))])
    }
}

/// The buckets of a native histogram, as many as hold values: bucket i holds those above base to the power of i - 1, up
/// to base to the power of i; the base is 2 to the power of 2 to the power of `-schema`.
public struct NativeBuckets: Hashable, Sendable {
    public var schema: Int
    /// Values up to this one count as zero.
    public var zeroThreshold: Double
    public var zeroCount: UInt64
    /// Rising, each once.
    public var buckets: [Bucket]

    public struct Bucket: Hashable, Sendable {
        public var index: Int
        public var count: UInt64

        public init(index: Int, count: UInt64) {
            self.index = index
            self.count = count
        }
    }

    public init(schema: Int, zeroThreshold: Double, zeroCount: UInt64, buckets: [Bucket]) {
        self.schema = schema
        self.zeroThreshold = zeroThreshold
        self.zeroCount = zeroCount
        self.buckets = buckets
    }
}
