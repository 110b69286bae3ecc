public import Basis

extension RetryInfo {
    /// How long to wait at least; a span beyond the range of `Nanoseconds` (292 years) becomes its longest.
    public var retryAfter: Nanoseconds {
        Nanoseconds(Int64(clamping: retryAfterNanoseconds))
    }
}
