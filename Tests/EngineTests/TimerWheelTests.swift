import Basis
import Testing

@testable import Engine

@Suite("Timer wheel")
struct TimerWheelTests {
    private static let tick: UInt64 = 1 << TimerWheel.tickShift

    /// A wheel beside a list that says what must happen.
    @Test(
        "Random sets, moves and cancels fire each entry once, in order, never early, at most a tick late",
        arguments: 0..<8)
    func agreesWithModel(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var now: UInt64 = random.next() >> UInt64(8 + random.index(below: 24))
        var wheel = TimerWheel(startingAt: now)
        let slots = 300
        wheel.reserve(slots)
        var due = [Int32: UInt64]()
        for _ in 0..<20_000 {
            let slot = Int32(random.index(below: slots))
            switch random.index(below: 10) {
            case 0..<5:
                // Delays over all scales, some of them in the past.
                let delay = random.next() >> UInt64(10 + random.index(below: 50))
                let at = random.chance(0.1) ? now &- min(now, delay >> 20) : now &+ (delay >> 10)
                wheel.set(slot, at: at)
                due[slot] = at
            case 5:
                wheel.cancel(slot)
                due[slot] = nil
            default:
                let step = random.next() >> UInt64(20 + random.index(below: 40))
                if let wake = wheel.nextWake, random.chance(0.5) { now = max(now, wake) } else { now &+= step >> 5 }
                wheel.advance(to: now)
                var previousTick: UInt64 = 0
                while let fired = wheel.takeExpired() {
                    guard let at = due.removeValue(forKey: fired) else {
                        Issue.record("slot \(fired) fired though it was not set (seed \(seed))")
                        return
                    }
                    #expect(at <= now, "early (seed \(seed))")
                    let dueTick = (at + Self.tick - 1) / Self.tick
                    #expect(dueTick >= previousTick || previousTick == 0 || dueTick * Self.tick <= now)
                    previousTick = dueTick
                }
                let overdue = due.filter { $0.value + Self.tick <= now }
                #expect(overdue.isEmpty, "left behind: \(overdue) at \(now) (seed \(seed))")
            }
            #expect(wheel.count == due.count)
        }
    }

    @Test("Entries of different ticks fire in the order of their times")
    func order() {
        var random = SeededRandom(seed: 7)
        var wheel = TimerWheel(startingAt: 0)
        wheel.reserve(5000)
        var times: [UInt64] = []
        for slot in 0..<5000 {
            times.append(random.next() >> 28)
            wheel.set(Int32(slot), at: times[slot])
        }
        wheel.advance(to: .max >> 1)
        var fired: [UInt64] = []
        while let slot = wheel.takeExpired() { fired.append((times[Int(slot)] + Self.tick - 1) / Self.tick) }
        #expect(fired.count == 5000)
        #expect(fired == fired.sorted())
    }

    @Test("nextWake is never later than the earliest entry needs, and following it fires everything")
    func wakes() {
        var random = SeededRandom(seed: 3)
        var wheel = TimerWheel(startingAt: 12_345)
        wheel.reserve(100)
        var latest: UInt64 = 0
        for slot in 0..<100 {
            let at = 12_345 + random.next() >> UInt64(20 + slot % 30)
            latest = max(latest, at)
            wheel.set(Int32(slot), at: at)
        }
        var wakes = 0
        var fired = 0
        while let wake = wheel.nextWake {
            wheel.advance(to: wake)
            while wheel.takeExpired() != nil { fired += 1 }
            wakes += 1
            if wakes > 2000 { break }
        }
        #expect(fired == 100)
        #expect(wheel.count == 0)
    }

    @Test(
        "nextWake is the earliest due time, at most a tick later, over any distance", arguments: 0..<8 as Range<UInt64>)
    func exactWakes(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let now = random.next() >> 20
        var wheel = TimerWheel(startingAt: now)
        wheel.reserve(1000)
        var earliest = UInt64.max
        for slot in 0..<1000 {
            let at = now + 2 * Self.tick + random.next() >> UInt64(8 + random.index(below: 40))
            earliest = min(earliest, at)
            wheel.set(Int32(slot), at: at)
            let wake = wheel.nextWake ?? 0
            #expect(wake >= earliest && wake < earliest + Self.tick)
        }
    }

    @Test(
        "With a slack the wheel wakes at an entry that is due within it after the first, and never later",
        arguments: [0, 10_000, 100_000, 250_000] as [UInt64], 0..<4 as Range<UInt64>)
    func sharedWakes(slack: UInt64, seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var now = random.next() >> 20
        var wheel = TimerWheel(startingAt: now)
        let slots = 200
        wheel.reserve(slots)
        func tick(_ nanoseconds: UInt64) -> UInt64 { (nanoseconds + Self.tick - 1) / Self.tick * Self.tick }
        func draw() -> UInt64 { now + 1 + random.next() >> UInt64(64 - random.index(below: 26)) }
        var due: [UInt64] = (0..<slots).map { _ in draw() }
        for slot in 0..<slots { wheel.set(Int32(slot), at: due[slot]) }
        var shared = 0
        for _ in 0..<3_000 {
            guard let earliest = due.min(), let wake = wheel.nextWake(slack: slack) else { return }
            #expect(wake >= tick(earliest) && wake <= tick(earliest) + slack)
            #expect(due.contains { tick($0) == wake })
            now = wake
            wheel.advance(to: now)
            var fired = 0
            while let slot = wheel.takeExpired() {
                #expect(due[Int(slot)] <= now)
                due[Int(slot)] = draw()
                wheel.set(slot, at: due[Int(slot)])
                fired += 1
            }
            if fired > 1 { shared += 1 }
        }
        if slack >= 100_000 { #expect(shared > 300) }
    }

    @Test("A past time expires at the next advance, not within the present round")
    func pastWaits() {
        var wheel = TimerWheel(startingAt: 10 * Self.tick)
        wheel.reserve(2)
        wheel.set(0, at: 0)
        #expect(wheel.nextWake == 0)
        #expect(wheel.takeExpired() == nil)
        wheel.advance(to: 10 * Self.tick)
        #expect(wheel.takeExpired() == 0)
        wheel.set(0, at: 0)
        #expect(wheel.takeExpired() == nil)
    }

    @Test("An expired entry that is cancelled or moved before its callback does not fire")
    func cancelAfterExpiry() {
        var wheel = TimerWheel(startingAt: 0)
        wheel.reserve(3)
        for slot in 0..<3 { wheel.set(Int32(slot), at: Self.tick) }
        wheel.advance(to: Self.tick)
        wheel.cancel(1)
        wheel.set(2, at: 5 * Self.tick)
        #expect(wheel.takeExpired() == 0)
        #expect(wheel.takeExpired() == nil)
        wheel.advance(to: 5 * Self.tick)
        #expect(wheel.takeExpired() == 2)
    }

    @Test("The last instant of the axis is a valid due time", arguments: [UInt64.max, .max - 1, .max >> 1, 1 << 63])
    func farFuture(at: UInt64) {
        var wheel = TimerWheel(startingAt: 5)
        wheel.reserve(1)
        wheel.set(0, at: at)
        #expect(wheel.nextWake ?? 0 > 1 << 62, "not at once")
        wheel.advance(to: 1 << 50)
        #expect(wheel.takeExpired() == nil)
        #expect(wheel.count == 1)
        wheel.cancel(0)
        #expect(wheel.nextWake == nil)
    }
}
