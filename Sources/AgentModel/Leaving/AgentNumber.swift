/// The number of an agent in a run: its place, and how many agents had that place before it.
///
/// An agent that replaces another has its place, and so its cohort, zone and attributes, but random numbers, an
/// instance uid and a host name of its own. Without replacements the number is the place.
public struct AgentNumber: Hashable, Sendable {
    public let rawValue: UInt64

    private static let placeBits: UInt64 = 40
    private static let placeMask: UInt64 = 1 << placeBits - 1

    public init(_ rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// The place that `{{index}}` and the zone depend on; below 2⁴⁰.
    public var place: UInt64 { rawValue & Self.placeMask }

    /// How many agents had the place before this one; below 2²⁴.
    public var replacements: UInt64 { rawValue >> Self.placeBits }

    /// The next agent at the same place. After 2²⁴ − 1 replacements the numbers begin again.
    public var replacement: AgentNumber { AgentNumber(rawValue &+ 1 << Self.placeBits) }
}
