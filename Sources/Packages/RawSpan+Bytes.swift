extension RawSpan {
    /// The byte at `index`. Traps outside the span, like an array's subscript.
    @inline(__always)
    func byte(_ index: Int) -> UInt8 {
        unsafeLoad(fromByteOffset: index, as: UInt8.self)
    }
}

extension [UInt8] {
    /// Appends the bytes of `span`: one copy, no allocation while the capacity lasts.
    mutating func append(_ span: RawSpan) {
        span.withUnsafeBytes { append(contentsOf: $0) }
    }
}
