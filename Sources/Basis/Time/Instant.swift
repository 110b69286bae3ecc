/// A point on a run's time axis, in nanoseconds from an origin that the run chose.
///
/// The axis is monotonic: on real sockets it is the machine's monotonic clock, in a simulation it is virtual. State
/// machines never read a clock; they are told the instant at which something happened.
public struct Instant: Hashable, Comparable, Sendable {
    /// Nanoseconds since the origin.
    public var nanoseconds: UInt64

    @inlinable
    public init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    /// The origin of the axis.
    @inlinable public static var zero: Instant { Instant(nanoseconds: 0) }

    /// Later than every instant that a run can reach; "never" as a wake-up time.
    @inlinable public static var distantFuture: Instant { Instant(nanoseconds: .max) }

    @inlinable
    public static func < (left: Instant, right: Instant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// The instant `span` later (earlier where it is negative); saturates at both ends of the axis.
    @inlinable
    public static func + (instant: Instant, span: Nanoseconds) -> Instant {
        if span.count >= 0 {
            let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(span.count.magnitude)
            return overflow ? .distantFuture : Instant(nanoseconds: sum)
        }
        let (difference, overflow) = instant.nanoseconds.subtractingReportingOverflow(span.count.magnitude)
        return overflow ? .zero : Instant(nanoseconds: difference)
    }

    /// The instant `span` earlier; saturates at both ends of the axis.
    @inlinable
    public static func - (instant: Instant, span: Nanoseconds) -> Instant {
        instant + (.zero - span)
    }

    /// The signed span from `right` to `left`; saturates.
    @inlinable
    public static func - (left: Instant, right: Instant) -> Nanoseconds {
        if left.nanoseconds >= right.nanoseconds {
            return Nanoseconds(Int64(clamping: left.nanoseconds - right.nanoseconds))
        }
        return .zero - Nanoseconds(Int64(clamping: right.nanoseconds - left.nanoseconds))
    }

    @inlinable
    public static func += (instant: inout Instant, span: Nanoseconds) {
        instant = instant + span
    }
}

extension Instant: CustomStringConvertible {
    public var description: String {
        self == .distantFuture ? "never" : "t+\(Nanoseconds(Int64(clamping: nanoseconds)))"
    }
}
