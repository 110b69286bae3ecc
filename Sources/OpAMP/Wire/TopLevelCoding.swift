/// The two messages that travel by themselves have entry points of their own next to the protocol's, so that other modules'
/// calls reach code made for them instead of code made for any message.
extension AgentToServer {
    /// The report that `bytes` hold. Everything in it is copied; unknown fields are dropped.
    public init(decoding bytes: RawSpan, limits: DecodingLimits = .default) throws(DecodingError) {
        self.init()
        try merge(decoding: bytes, limits: limits)
    }

    /// The report that `bytes` hold. Everything in it is copied; unknown fields are dropped.
    public init(decoding bytes: [UInt8], limits: DecodingLimits = .default) throws(DecodingError) {
        self.init()
        try merge(decoding: bytes.span.bytes, limits: limits)
    }

    /// Appends the report's bytes: measured first, then written in one pass. Allocates only if `bytes` has to grow.
    public func encode(appendingTo bytes: inout [UInt8]) {
        append(to: &bytes)
    }
}

extension ServerToAgent {
    /// The answer that `bytes` hold. Everything in it is copied; unknown fields are dropped.
    public init(decoding bytes: RawSpan, limits: DecodingLimits = .default) throws(DecodingError) {
        self.init()
        try merge(decoding: bytes, limits: limits)
    }

    /// The answer that `bytes` hold. Everything in it is copied; unknown fields are dropped.
    public init(decoding bytes: [UInt8], limits: DecodingLimits = .default) throws(DecodingError) {
        self.init()
        try merge(decoding: bytes.span.bytes, limits: limits)
    }

    /// Appends the answer's bytes: measured first, then written in one pass. Allocates only if `bytes` has to grow.
    public func encode(appendingTo bytes: inout [UInt8]) {
        append(to: &bytes)
    }
}
