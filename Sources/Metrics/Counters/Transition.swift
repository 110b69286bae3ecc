public import Basis

/// A step of an agent's life cycle, as in the results.
public struct Transition: Hashable, Sendable, Comparable {
    public var from: String
    public var cause: String
    public var to: String

    public init(from: String, cause: String, to: String) {
        self.from = from
        self.cause = cause
        self.to = to
    }

    public static func < (left: Transition, right: Transition) -> Bool {
        (left.from, left.to, left.cause) < (right.from, right.to, right.cause)
    }
}

/// How often agents took each step; bounded in the number of different steps, since a server may invent causes without
/// end.
public struct TransitionTable: Hashable, Sendable {
    public static let capacity = 512
    /// Under which cause steps beyond the capacity are counted.
    public static let overflowCause = "other causes"

    private var values: [Transition: UInt64] = [:]

    public init() {}

    package mutating func count(_ transition: Transition, _ amount: UInt64 = 1) {
        guard values[transition] == nil, values.count >= Self.capacity else {
            values[transition, default: 0] &+= amount
            return
        }
        let other = Transition(from: transition.from, cause: Self.overflowCause, to: transition.to)
        values[other, default: 0] &+= amount
    }

    public subscript(transition: Transition) -> UInt64 { values[transition] ?? 0 }

    /// The steps, with the count of each, in their order.
    public var sorted: [(transition: Transition, count: UInt64)] {
        values.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    public var isEmpty: Bool { values.isEmpty }

    mutating func add(_ other: TransitionTable) {
        for (transition, count) in other.values { self.count(transition, count) }
    }

    mutating func reset() {
        if !values.isEmpty { values.removeAll(keepingCapacity: true) }
    }
}

/// A step of one agent that is traced: a line of `transitions.csv`.
public struct TracedTransition: Hashable, Sendable {
    public var agent: UInt64
    /// From the start of the run.
    public var at: Nanoseconds
    /// How long the agent had been in the former state.
    public var spent: Nanoseconds
    public var transition: Transition

    public init(agent: UInt64, at: Nanoseconds, spent: Nanoseconds, transition: Transition) {
        self.agent = agent
        self.at = at
        self.spent = spent
        self.transition = transition
    }
}

extension TracedTransition {
    /// The names of the columns of `line`.
    public static let columns = ["agent", "at_s", "from", "to", "cause", "in_state_s"]

    /// A line of comma-separated values, without a line break.
    public var line: String {
        var bytes: [UInt8] = []
        Self.append(agent: agent, at: at, spent: spent, step: Self.cells(of: transition), to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The cells of a line that many lines share: those of the step.
    package static func cells(of transition: Transition) -> [UInt8] {
        let cells = [transition.from, transition.to, transition.cause].map(CSVText.quoted)
        return Array(cells.joined(separator: ",").utf8)
    }

    /// Appends a line, without a line break.
    package static func append(
        agent: UInt64, at: Nanoseconds, spent: Nanoseconds, step: [UInt8], to bytes: inout [UInt8]
    ) {
        bytes.append(decimal: agent)
        bytes.append(UInt8(ascii: ","))
        append(seconds: at, to: &bytes)
        bytes.append(UInt8(ascii: ","))
        bytes.append(contentsOf: step)
        bytes.append(UInt8(ascii: ","))
        append(seconds: spent, to: &bytes)
    }

    /// With six decimals.
    private static func append(seconds span: Nanoseconds, to bytes: inout [UInt8]) {
        let microseconds = (span.count.magnitude + 500) / 1_000
        if span.count < 0, microseconds > 0 { bytes.append(UInt8(ascii: "-")) }
        bytes.append(decimal: microseconds / 1_000_000)
        bytes.append(UInt8(ascii: "."))
        var unit: UInt64 = 100_000
        while unit > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: microseconds / unit % 10))
            unit /= 10
        }
    }

    /// Reads such a line; nil where it is none.
    public init?(line: Substring) {
        let cells = CSVText.cells(in: line)
        guard cells.count == Self.columns.count, let agent = UInt64(cells[0]), let at = Double(cells[1]),
            let spent = Double(cells[5]), at.isFinite, spent.isFinite
        else { return nil }
        self.init(
            agent: agent, at: Nanoseconds(seconds: at), spent: Nanoseconds(seconds: spent),
            transition: Transition(from: cells[2], cause: cells[4], to: cells[3]))
    }
}
