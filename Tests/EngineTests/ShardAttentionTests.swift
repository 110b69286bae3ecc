import Basis
import Testing

@testable import Engine

@Suite("Looking for more work before sleeping")
struct ShardAttentionTests {
    private static let step = Nanoseconds.microseconds(5)

    /// How long a shard looks after work at `start`.
    private static func look(_ attention: inout ShardAttention, after start: Instant) -> Nanoseconds {
        var now = start
        var didWork = true
        while attention.lasts(at: now, didWork: didWork, lastBusy: start) {
            now = now + step
            didWork = false
        }
        return now - start
    }

    @Test("It lasts for its span after work, and without one not at all")
    func span() {
        var attention = ShardAttention(.microseconds(150))
        #expect(Self.look(&attention, after: Instant.zero + .seconds(1)) == .microseconds(150))
        var none = ShardAttention(.zero)
        #expect(Self.look(&none, after: Instant.zero + .seconds(1)) == .zero)
    }

    @Test("However much work there is, looking for nothing takes a fifth of the time at most")
    func bounded() {
        var attention = ShardAttention(.microseconds(150))
        var looked = Nanoseconds.zero
        for number in 0..<5_000 {
            looked = looked + Self.look(&attention, after: Instant.zero + .microseconds(200) * Int64(number + 1))
        }
        #expect(looked <= .milliseconds(210) && looked >= .milliseconds(190))
    }
}
