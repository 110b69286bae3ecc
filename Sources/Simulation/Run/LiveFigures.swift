public import Basis

/// What only a rehearsal on real sockets has: how fast its time passed, and what the machine's clock measured.
public struct LiveFigures: Hashable, Sendable {
    /// Some measured times in the figures that people read.
    public struct Times: Hashable, Sendable {
        public var count: Int
        public var p50: Nanoseconds
        public var p99: Nanoseconds
        public var max: Nanoseconds

        public init(count: Int, p50: Nanoseconds, p99: Nanoseconds, max: Nanoseconds) {
            self.count = count
            self.p50 = p50
            self.p99 = p99
            self.max = max
        }

        /// - Parameter values: in any order.
        public init(_ values: [Nanoseconds]) {
            let sorted = values.sorted()
            func value(_ share: Double) -> Nanoseconds {
                sorted.isEmpty ? .zero : sorted[Int(Double(sorted.count - 1) * share)]
            }
            self.init(count: sorted.count, p50: value(0.5), p99: value(0.99), max: sorted.last ?? .zero)
        }
    }

    /// The plan's times were divided by it.
    public var speed: Double
    /// From the rollout's begin to its end, on the machine's clock; nil: it did not end.
    public var duration: Nanoseconds?
    /// Between two heartbeats of an agent, on the machine's clock.
    public var heartbeat: Nanoseconds
    /// From the moment when an offer was due to the order to the server.
    public var offerDelay: Times
    /// From sending an offer to the agent's first status about it; with a driver from its order to its arrival.
    public var offerRoundTrip: Times
    /// From the moment when a heartbeat was due to its answer.
    public var heartbeatResponse: Times
    /// How often the revision was sent.
    public var pushes: Int
    /// What the tool says about itself.
    public var tool: String
    /// Whether the server was not Muster's own.
    public var isDriven: Bool

    public init(
        speed: Double, duration: Nanoseconds?, heartbeat: Nanoseconds, offerDelay: Times, offerRoundTrip: Times,
        heartbeatResponse: Times, pushes: Int, tool: String, isDriven: Bool = false
    ) {
        self.isDriven = isDriven
        self.speed = speed
        self.duration = duration
        self.heartbeat = heartbeat
        self.offerDelay = offerDelay
        self.offerRoundTrip = offerRoundTrip
        self.heartbeatResponse = heartbeatResponse
        self.pushes = pushes
        self.tool = tool
    }
}
