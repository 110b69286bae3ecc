/// A version of what agents run. Zero is what they run before any rollout.
public struct Revision: Hashable, Comparable, Sendable, CustomStringConvertible {
    public var number: UInt16

    public init(_ number: UInt16) { self.number = number }

    /// What the agents run before any rollout.
    public static let initial = Revision(0)

    public static func < (left: Revision, right: Revision) -> Bool { left.number < right.number }

    public var description: String { "revision \(number)" }
}
