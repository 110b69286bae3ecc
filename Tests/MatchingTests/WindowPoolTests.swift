import Basis
import Testing

@testable import Matching

/// The windows of a shard's matcher.
struct WindowPoolTests {
    /// Windows of which each has a report, and none waits any more.
    private static func jam(of windows: Int, leaving left: Int = 0) -> WindowPool {
        var pool = WindowPool()
        let report = SentReport(kind: 0, dueAt: .zero, sentAt: .zero)
        let numbers = (0..<windows).map { _ in
            let number = pool.open()
            var window = pool.take(number)
            window.reports.append(WaitingReport(report: report, number: 1))
            pool.put(window, at: number)
            return number
        }
        for number in numbers.dropFirst(left) {
            var window = pool.take(number)
            window.removeAll()
            pool.put(window, at: number)
            pool.close(number)
        }
        return pool
    }

    @Test("Of the windows that are not in use few keep their memory", arguments: [0, 1, 1_000])
    func memoryAfterAJam(left: Int) {
        var pool = Self.jam(of: left + 5_000, leaving: left)
        #expect(pool.count == left)
        let capacities = (0..<5_000).map { _ in pool.take(pool.open()).reports.capacity }
        #expect(capacities.count { $0 > 0 } == (left == 0 ? 0 : WindowPool.maxReady))
    }

    @Test("A few windows keep their memory: what is in doubt again allocates nothing")
    func memoryOfFew() {
        var pool = Self.jam(of: 8)
        #expect(pool.count == 0)
        #expect((0..<8).allSatisfy { _ in pool.take(pool.open()).reports.capacity > 0 })
    }

    @Test("A window in use keeps its content, whatever the others do")
    func content() {
        var pool = Self.jam(of: 3_000, leaving: 2)
        for _ in 0..<4_000 { _ = pool.open() }
        #expect(pool.count == 4_002)
        #expect(pool[0].reports.count == 1 && pool[1].reports.count == 1)
        #expect((2..<4_002).allSatisfy { pool[UInt32($0)].reports.isEmpty })
    }
}
