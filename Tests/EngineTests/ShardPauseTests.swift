import Testing

@testable import Engine

@Suite("The pause of a shard until its next timer")
struct ShardPauseTests {
    private static let now: UInt64 = 1_000_000_000

    @Test("A timer that is due leaves no pause", arguments: [UInt64(0), 1, 500_000_000, now - 1, now])
    func due(next: UInt64) {
        #expect(ShardPause(until: next, now: Self.now, wakeLatency: 5_000, after: .none) == .none)
    }

    @Test("The thread sleeps so much less as it takes to wake up", arguments: [UInt64(0), 5_000, 60_000])
    func sleeps(latency: UInt64) {
        let next = Self.now + 1_000_000
        #expect(
            ShardPause(until: next, now: Self.now, wakeLatency: latency, after: .none) == .asleep(1_000_000 - latency))
    }

    @Test(
        "Less than a wake-up takes is slept as short as possible, where it is too much to stay awake",
        arguments: [ShardPause.awakeLimit + 1, 30_000, 60_000])
    func shortest(left: UInt64) {
        #expect(ShardPause(until: Self.now + left, now: Self.now, wakeLatency: 60_000, after: .none) == .asleep(1))
    }

    @Test(
        "A few microseconds are passed awake, without a system call, whatever a wake-up takes",
        arguments: [UInt64(1), 5_000, ShardPause.awakeLimit], [UInt64(0), 60_000])
    func staysAwake(left: UInt64, latency: UInt64) {
        let next = Self.now + left
        let pause = ShardPause(until: next, now: Self.now, wakeLatency: latency, after: .asleep(5))
        #expect(pause == .awake(until: next))
    }

    @Test("Sockets have their turn between two pauses that are passed awake")
    func alternates() {
        let next = Self.now + 1
        let first = ShardPause(until: next, now: Self.now, wakeLatency: 0, after: .none)
        let second = ShardPause(until: next + 1, now: next, wakeLatency: 0, after: first)
        #expect(first == .awake(until: next))
        #expect(second == .none)
        #expect(ShardPause(until: next + 2, now: next + 1, wakeLatency: 0, after: second) == .awake(until: next + 2))
    }
}
