/// One transport connection as the registry of a shard knows it.
///
/// `slot` is dense and reused, so a host can index its own table with it; `generation` tells the connection that has
/// the slot now from those that had it before.
public struct ConnectionID: Hashable, Sendable {
    /// Index among the connections of the shard, from 0; never larger than the most connections ever open at once.
    public let slot: UInt32
    /// How many connections have used the slot before, modulo 2³².
    public let generation: UInt32

    @inlinable
    public init(slot: UInt32, generation: UInt32) {
        self.slot = slot
        self.generation = generation
    }
}

extension ConnectionID: CustomStringConvertible {
    public var description: String { "connection \(slot).\(generation)" }
}

/// How a connection ended.
public enum ConnectionEnd: Hashable, Sendable {
    /// The peer said so first: a WebSocket close frame, or the end of an idle HTTP connection.
    case clean
    /// It broke: a reset, or an end of stream without a close frame.
    case lost
    /// The registry asked for it with `ServerEffect.close` or `.abort`.
    case ours
}
