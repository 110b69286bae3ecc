import Basis
import Engine
import Foundation
import Synchronization

/// Frames that are ready together, sent each for itself and corked: system calls and CPU a frame.
///
/// Sender and receiver are shards of this process, and both modes run in turns, so that a noisy machine disturbs both alike.
enum Batching {
    private static let rounds = 5
    private static let span = Nanoseconds.milliseconds(400)

    static func measure() async throws {
        print("Batching: frames of 40 bytes that are ready together; write calls and CPU (both ends) a frame.")
        print("together   calls each   calls corked   CPU each ns   CPU corked ns   ratio")
        for together in [1, 2, 4, 16, 64] {
            var best = (each: Figures.worst, corked: Figures.worst)
            for _ in 0..<rounds {
                best.each = min(best.each, try await run(together: together, isCorked: false))
                best.corked = min(best.corked, try await run(together: together, isCorked: true))
            }
            print(
                WireRatios.right("\(together)", 8), WireRatios.right(WireRatios.ratio(best.each.calls), 12),
                WireRatios.right(WireRatios.ratio(best.corked.calls), 14),
                WireRatios.right(WireRatios.number(best.each.cpu), 13),
                WireRatios.right(WireRatios.number(best.corked.cpu), 15),
                WireRatios.right(WireRatios.ratio(best.each.cpu / best.corked.cpu), 8))
        }
    }

    private struct Figures: Comparable {
        var calls: Double
        var cpu: Double

        static let worst = Figures(calls: .infinity, cpu: .infinity)
        static func < (left: Figures, right: Figures) -> Bool { left.cpu < right.cpu }
    }

    private static func run(together: Int, isCorked: Bool) async throws -> Figures {
        let (near, far) = (try Shard(label: "near"), try Shard(label: "far"))
        let listener = try Listener(shard: far, addresses: [.loopback(port: 0)]) { shard, _ in Endpoint(shard: shard) }
        let sender = Sender(shard: near, together: together, isCorked: isCorked)
        let address = listener.addresses[0]
        near.perform { sender.connect(to: address) }
        try await Task.sleep(for: .milliseconds(50))
        let (cpu, frames, calls) = (Self.cpu, sender.frames, await sender.calls())
        try await Task.sleep(for: .nanoseconds(span.count))
        let (sent, written) = (sender.frames - frames, await sender.calls() - calls)
        let spent = Self.cpu - cpu
        listener.close()
        await near.stop()
        await far.stop()
        let count = Double(max(sent, 1))
        return Figures(calls: Double(written) / count, cpu: spent / count)
    }

    /// CPU of the process so far, in ns.
    private static var cpu: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }

    /// Sends so many frames at each turn of its timer.
    private final class Sender: Endpoint, @unchecked Sendable {
        private let together: Int
        private let isCorked: Bool
        private let frame = [UInt8](repeating: 0x5A, count: 40)
        private let sent = Atomic<Int>(0)

        init(shard: Shard, together: Int, isCorked: Bool) {
            self.together = together
            self.isCorked = isCorked
            super.init(shard: shard)
        }

        var frames: Int { sent.load(ordering: .relaxed) }

        func calls() async -> UInt64 {
            await withCheckedContinuation { continuation in
                shard.perform { continuation.resume(returning: self.shard.counters.sends) }
            }
        }

        override func connected() { setTimer(at: shard.now) }

        override func timerFired(due: Instant) {
            guard isOpen else { return }
            let frame = frame
            if isCorked { cork() }
            for _ in 0..<together { write(frame.span.bytes) }
            sent.add(together, ordering: .relaxed)
            setTimer(at: shard.now + .microseconds(200))
        }
    }
}
