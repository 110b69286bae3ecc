public import Engine

extension Shard {
    /// Runs `body` on the shard and gives its result to the caller.
    public func value<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            perform { continuation.resume(returning: body()) }
        }
    }
}
