import Basis

/// When a server that refuses for now wants to be asked again (RFC 9110, section 10.2.3).
public enum RetryAfter: Hashable, Sendable {
    case seconds(UInt32)
    /// Seconds since 1970-01-01 00:00:00 UTC, by the server's clock.
    case date(unixSeconds: Int64)

    /// Reads a field's value; nil where it is neither a number of seconds nor a date. A number beyond the range is the
    /// largest.
    public init?(_ text: String) {
        if !text.isEmpty, text.utf8.allSatisfy(\.isDecimalDigit) {
            self = .seconds(UInt32(clamping: UInt64(text) ?? .max))
        } else if let time = HTTPDate.unixSeconds(text) {
            self = .date(unixSeconds: time)
        } else {
            return nil
        }
    }

    /// How many seconds to wait; 0 for a date that has passed.
    public func seconds(from nowUnixSeconds: Int64) -> UInt32 {
        switch self {
        case .seconds(let count):
            return count
        case .date(let time):
            let (wait, overflow) = time.subtractingReportingOverflow(nowUnixSeconds)
            return overflow ? (time > 0 ? .max : 0) : UInt32(clamping: wait)
        }
    }
}
