extension [UInt8] {
    /// Appends the bytes of `span`: one copy, no allocation while the capacity lasts.
    mutating func append(_ span: RawSpan) {
        span.withUnsafeBytes { append(contentsOf: $0) }
    }
}
