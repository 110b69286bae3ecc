import AgentModel
import Basis

/// One agent in the simulated world: its own state in a compact record, and the world's and the server's view of it.
struct SimulatedAgent {
    /// The agent itself, as it was put back after its last step.
    var record: CompactAgent
    /// When it is next to be looked at; `.distantFuture`: not before something happens to it.
    var due: Instant = .distantFuture
    /// When the loss of its open connection arrives, or the end of its attempt to connect.
    var transportDue: Instant = .distantFuture
    /// When an offer that was sent arrives.
    var offerDue: Instant = .distantFuture
    /// From when `target` is meant for the agent.
    var targetFrom: Instant = .zero
    /// Where the partition keeps events of the agent's own; 0: it never had any.
    var ownEvents: UInt32 = 0
    /// Connections that were opened; it wraps. Behind a gateway the number of the loss of its connection.
    var connections: UInt16 = 1
    var replica: UInt8
    /// The groups that it belongs to, a bit each.
    var groups: UInt8
    /// The entry of the revision table that the server means the agent to have.
    var target: UInt8
    /// The entry that was last delivered.
    var delivered: UInt8
    /// The entry under way.
    var underWay: UInt8 = 0
    /// Offers sent so far; it wraps.
    var offersSent: UInt8 = 0
    /// The place of its interval, and whether its attempt is counted.
    private var intervalAndMark: UInt8
    var flags: Flags = []
    /// The place of its packages in those of the partition; 0: what came with the machine.
    var packages: UInt16 = 0

    /// - Parameter interval: which of the model's intervals its heartbeats have; below 128.
    init(record: CompactAgent, replica: UInt8, groups: UInt8, target: UInt8, delivered: UInt8, interval: UInt8) {
        self.record = record
        self.replica = replica
        self.groups = groups
        self.target = target
        self.delivered = delivered
        intervalAndMark = interval
    }

    /// Which of the model's intervals its heartbeats have.
    @inline(__always)
    var interval: UInt8 { intervalAndMark & 0x7F }

    /// Whether its next attempt to connect is counted in the wheel.
    @inline(__always)
    var isAttemptCounted: Bool {
        get { intervalAndMark & 0x80 != 0 }
        set { intervalAndMark = newValue ? intervalAndMark | 0x80 : intervalAndMark & 0x7F }
    }

    struct Flags: OptionSet {
        let rawValue: UInt8
        /// The target's time has not come yet.
        static let awaitsTarget = Flags(rawValue: 1)
        /// The partition keeps the agent itself: the record does not hold it.
        static let isWhole = Flags(rawValue: 2)
        /// There are events of the agent's own.
        static let hasEvents = Flags(rawValue: 4)
        /// Its heartbeats are in the table of load.
        static let isCounted = Flags(rawValue: 8)
        /// It is cut off, whatever its groups are.
        static let isCutOff = Flags(rawValue: 16)
        /// It was reported lost, and not connected since.
        static let isReportedLost = Flags(rawValue: 32)
        /// It polls over plain HTTP: no connection is open between its requests.
        static let polls = Flags(rawValue: 64)
        /// It shares the connection of a gateway.
        static let isBehindGateway = Flags(rawValue: 128)
    }

    /// When its configuration has something to do by itself. A process that is down does nothing: what is due in that
    /// time is done in the step that starts it again.
    @inline(__always)
    var configurationDue: Instant { record.phase == .restarting ? .distantFuture : record.configurationDue }

    /// Whether an offer is owed to the agent, which the answer to its next report brings.
    @inline(__always)
    var isOwed: Bool {
        target != delivered && offerDue == .distantFuture && !flags.contains(.awaitsTarget)
    }
}

/// Something that happens to an agent by itself, at a known time.
struct OwnEvent {
    enum Kind {
        case collectorStops, collectorStarts
        case partFails(HealthPart), partRecovers(HealthPart)
        case cutOff, cutEnds
        case stops(lasting: Nanoseconds)
        case crashes
        case flaps
    }

    var at: Instant
    var kind: Kind
    /// The rule or the fault that brings it about.
    var rule: Int
    /// How many of the kind came before.
    var number: UInt32
}

/// The events of one agent's own that are to come.
struct OwnEvents {
    private(set) var list: [OwnEvent] = []
    /// When the first of them comes; `.distantFuture`: there is none.
    private(set) var due: Instant = .distantFuture

    mutating func add(_ event: OwnEvent) {
        list.append(event)
        due = min(due, event.at)
    }

    /// Takes the first one out; of several at one time the one that was added first.
    mutating func takeFirst() -> OwnEvent? {
        guard let first = list.firstIndex(where: { $0.at == due }) else { return nil }
        let event = list.remove(at: first)
        findDue()
        return event
    }

    mutating func removeAll(where isOver: (OwnEvent) -> Bool) {
        list.removeAll(where: isOver)
        findDue()
    }

    private mutating func findDue() { due = list.reduce(.distantFuture) { min($0, $1.at) } }
}
