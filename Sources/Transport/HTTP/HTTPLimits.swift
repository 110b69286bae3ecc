/// The bounds on what an HTTP peer may make us hold or read.
public struct HTTPLimits: Hashable, Sendable {
    /// The longest head, start line and fields together, in bytes; also the longest trailer section.
    public var headBytes: UInt32 = defaultHeadBytes
    /// The longest line of a head with its end, in bytes.
    public var lineBytes: UInt32 = defaultLineBytes
    /// How many fields a head may hold.
    public var fieldCount: UInt32 = defaultFieldCount
    /// The longest body in bytes, without its chunk framing; for a compressed one, as sent on the wire.
    public var bodyBytes: Int = defaultBodyBytes
    /// The longest line that opens a chunk, size and extensions, in bytes.
    public var chunkLineBytes: UInt32 = defaultChunkLineBytes
    /// How many bytes of chunk extensions a whole body may hold.
    public var chunkExtensionBytes: UInt32 = defaultChunkExtensionBytes
    /// How many informational responses may precede the final one.
    public var informationalCount: UInt32 = defaultInformationalCount

    /// 32 KiB: room for long tokens and cookies; what common servers allow.
    public static let defaultHeadBytes: UInt32 = 32 << 10
    /// 16 KiB: a bearer token with many claims fits.
    public static let defaultLineBytes: UInt32 = 16 << 10
    /// 100: several times what real peers send.
    public static let defaultFieldCount: UInt32 = 100
    /// 64 MiB: the same as a WebSocket message, since the same reports travel.
    public static let defaultBodyBytes = 64 << 20
    /// 256: sixteen digits and a short extension.
    public static let defaultChunkLineBytes: UInt32 = 256
    /// 16 KiB: beyond this the extensions are an attack, not information.
    public static let defaultChunkExtensionBytes: UInt32 = 16 << 10
    /// 16: a chain of early hints ends somewhere.
    public static let defaultInformationalCount: UInt32 = 16

    public init() {}
}
