/// What the controller knows of one agent, in four bytes.
struct AgentRow: Hashable, Sendable {
    /// Where an agent is in the rollout.
    enum Status: UInt16, Sendable {
        /// Not offered the revision.
        case waiting
        case inFlight
        case applied, failed, mismatched, noAnswer
        /// Offered the former revision again, not confirmed.
        case takenBack
        case restored
    }

    /// Facts that hold beside the status.
    struct Facts: OptionSet, Sendable {
        let rawValue: UInt16

        /// The selectors of the plan include it.
        static let selected = Facts(rawValue: 1 << 3)
        static let unhealthy = Facts(rawValue: 1 << 4)
        static let disconnected = Facts(rawValue: 1 << 5)
        /// Has had any fault since it was offered.
        static let broken = Facts(rawValue: 1 << 6)
        static let unhealthySince = Facts(rawValue: 1 << 7)
        static let disconnectedSince = Facts(rawValue: 1 << 8)
        /// Left out when its turn came.
        static let skipped = Facts(rawValue: 1 << 9)
        /// The canary test has counted its failure.
        static let tested = Facts(rawValue: 1 << 10)
        /// It was in the sample of the answered before it was taken back.
        static let unreached = Facts(rawValue: 1 << 11)
    }

    private var bits: UInt16 = 0
    /// The stage in which it was offered.
    var stage: UInt16 = 0

    init() {}

    init(bits: UInt16, stage: UInt16) {
        self.bits = bits
        self.stage = stage
    }

    var raw: UInt16 { bits }

    var status: Status {
        get { Status(rawValue: bits & 7) ?? .waiting }
        set { bits = bits & ~7 | newValue.rawValue }
    }

    /// How often it was offered again, 0 to 15.
    var attempt: Int {
        get { Int(bits >> 12) }
        set { bits = bits & 0x0FFF | UInt16(min(max(newValue, 0), 15)) << 12 }
    }

    func has(_ fact: Facts) -> Bool { bits & fact.rawValue != 0 }

    mutating func set(_ fact: Facts, _ holds: Bool = true) {
        if holds { bits |= fact.rawValue } else { bits &= ~fact.rawValue }
    }

    /// Whether it was offered the revision.
    var isOffered: Bool { status != .waiting }
}
