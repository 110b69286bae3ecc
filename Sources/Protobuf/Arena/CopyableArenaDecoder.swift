/// An `ArenaDecoder` as a part of a value that can be copied: a copy makes memory of its own when it decodes.
public struct CopyableArenaDecoder: Sendable {
    /// Only used through a unique reference, so never by two values at once.
    private final class Storage: @unchecked Sendable {
        var decoder = ArenaDecoder()
    }

    private var storage = Storage()

    public init() {}

    /// Lends the decoder to `body`.
    public mutating func withDecoder<Result>(_ body: (inout ArenaDecoder) -> Result) -> Result {
        if !isKnownUniquelyReferenced(&storage) { storage = Storage() }
        return body(&storage.decoder)
    }
}
