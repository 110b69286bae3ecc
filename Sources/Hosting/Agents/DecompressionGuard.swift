import Basis

/// Servers whose messages decompressed to more than the limit. For a time their messages are decompressed only up to a
/// small size: then a server that sends the same bomb to each agent repeatedly delays only one of them, and answers of
/// the usual size are not refused. One for each shard.
struct DecompressionGuard {
    /// What a server's messages may decompress to during its pause, bytes.
    static let limitDuringPause = 1 << 20
    static let firstPause = Nanoseconds.seconds(10)
    static let longestPause = Nanoseconds.seconds(300)
    /// How many servers are remembered at most.
    private static let serverLimit = 1_024

    private struct Pause {
        var until: Instant
        var length: Nanoseconds
    }

    /// By the server's host and port.
    private var pauses: [String: Pause] = [:]

    var serverCount: Int { pauses.count }

    /// How many bytes a message of `server` may decompress to now.
    func limit(_ usual: Int, for server: String, at now: Instant) -> Int {
        guard !pauses.isEmpty, let pause = pauses[server], now < pause.until else { return usual }
        return min(usual, Self.limitDuringPause)
    }

    /// A message of `server` outgrew its limit: outside a pause the next one begins, twice as long as the last.
    mutating func exceeded(by server: String, at now: Instant) {
        let former = pauses[server]
        if let former, now < former.until { return }
        if former == nil, pauses.count >= Self.serverLimit { pauses = pauses.filter { now < $0.value.until } }
        guard former != nil || pauses.count < Self.serverLimit else { return }
        let length = former.map { min($0.length * 2, Self.longestPause) } ?? Self.firstPause
        pauses[server] = Pause(until: now + length, length: length)
    }
}
