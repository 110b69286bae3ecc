import Basis
import Testing

@testable import Fleet

@Suite("When agents arrive")
struct ArrivalScheduleTests {
    static let arrivals: [Arrival] = [
        .allAtOnce, .ramp(over: .seconds(10)), .ramp(over: .zero), .poisson(perSecond: 300),
        .stages([
            .rate(from: 100, to: 100, length: .seconds(3)), .hold(length: .seconds(2)),
            .rate(from: 50, to: 150, length: .seconds(1)),
        ]),
        .stages([
            .population(.share(0.3), length: .seconds(5)), .hold(length: .seconds(1)),
            .population(.share(1), length: .zero),
        ]),
        .stages([.rate(from: 0, to: 400, length: .seconds(10)), .population(.agents(1_000_000), length: .seconds(2))]),
        .stages([
            .rate(from: 200, to: 0, length: .seconds(4)), .hold(length: .zero),
            .rate(from: 0, to: 10, length: .seconds(4)),
        ]),
    ]

    @Test("No agent arrives before the one in front of it", arguments: arrivals)
    func monotone(arrival: Arrival) {
        let schedule = ArrivalSchedule(arrival, agents: 3_000, seed: 7)
        var last = Nanoseconds.zero
        for agent in 0..<3_000 {
            let offset = schedule.offset(of: agent)
            #expect(offset >= last)
            last = offset
        }
        #expect(schedule.end == last)
    }

    @Test("The count of those that have arrived is the inverse of when they arrive", arguments: arrivals)
    func inverse(arrival: Arrival) {
        let schedule = ArrivalSchedule(arrival, agents: 500, seed: 7)
        for agent in stride(from: 0, to: 500, by: 7) {
            let offset = schedule.offset(of: agent)
            #expect(schedule.arrived(by: offset) > agent)
            #expect(schedule.arrived(by: offset - Nanoseconds(1)) <= agent)
        }
        #expect(schedule.arrived(by: .max) == 500)
        #expect(schedule.arrived(by: Nanoseconds(-1)) == 0)
    }

    @Test("All at once is the run's start")
    func atOnce() {
        let schedule = ArrivalSchedule(.allAtOnce, agents: 10, seed: 1)
        #expect(schedule.end == .zero)
        #expect(schedule.start(of: 9, from: Instant(nanoseconds: 5)) == Instant(nanoseconds: 5))
    }

    @Test("A ramp has even gaps and ends one gap before its time", arguments: [1, 2, 3, 1_000])
    func ramp(agents: Int) {
        let schedule = ArrivalSchedule(.ramp(over: .seconds(60)), agents: agents, seed: 1)
        #expect(schedule.offset(of: 0) == .zero)
        #expect(schedule.end == Nanoseconds(seconds: 60.0 * Double(agents - 1) / Double(agents)))
    }

    @Test("In open stages rate × time agents arrive, and the last rate continues until the fleet is complete")
    func rates() {
        let stages: [ArrivalStage] = [
            .rate(from: 100, to: 100, length: .seconds(10)), .hold(length: .seconds(5)),
            .rate(from: 100, to: 300, length: .seconds(10)),
        ]
        let schedule = ArrivalSchedule(.stages(stages), agents: 4_500, seed: 1)
        #expect(schedule.shortfall == 0)
        #expect(schedule.arrived(by: Nanoseconds.seconds(10) - Nanoseconds(1)) == 1_000)
        #expect(schedule.arrived(by: .seconds(15) - Nanoseconds(1)) == 1_000)
        #expect(schedule.offset(of: 1_000) == .seconds(15))
        #expect(schedule.arrived(by: .seconds(25) - Nanoseconds(1)) == 3_000)
        // After that 300 a second: the 1,500 that are left take five seconds.
        #expect(schedule.arrived(by: .seconds(30) - Nanoseconds(1)) == 4_500)
        #expect(schedule.offset(of: 4_200) == .seconds(29))
    }

    @Test("A rising rate brings few at first and many at last")
    func risingRate() {
        let schedule = ArrivalSchedule(.stages([.rate(from: 0, to: 200, length: .seconds(10))]), agents: 1_000, seed: 1)
        // The count grows with the square of the time.
        #expect(schedule.offset(of: 250) == .seconds(5))
        #expect(schedule.arrived(by: .seconds(1) - Nanoseconds(1)) == 10)
    }

    @Test("Stages in closed form reach their populations by their ends")
    func populations() {
        let stages: [ArrivalStage] = [
            .population(.share(0.1), length: .seconds(10)), .hold(length: .seconds(10)),
            .population(.agents(600), length: .seconds(5)),
            .population(.share(1), length: .zero),
        ]
        let schedule = ArrivalSchedule(.stages(stages), agents: 1_000, seed: 1)
        for (second, count) in [(5, 50), (10, 100), (20, 100), (22, 300), (25, 600)] {
            #expect(schedule.arrived(by: .seconds(Int64(second)) - Nanoseconds(1)) == count, "\(second) s")
        }
        #expect(schedule.end == .seconds(25))
        #expect(schedule.arrived(by: .seconds(25)) == 1_000)
    }

    @Test("Agents that never arrive in the stages are reported")
    func shortfall() {
        #expect(
            ArrivalSchedule(.stages([.population(.agents(40), length: .seconds(1))]), agents: 100, seed: 1).shortfall
                == 60)
        #expect(
            ArrivalSchedule(.stages([.rate(from: 5, to: 0, length: .seconds(4))]), agents: 100, seed: 1).shortfall == 90
        )
        #expect(ArrivalSchedule(.stages([.hold(length: .seconds(1))]), agents: 3, seed: 1).shortfall == 3)
        #expect(
            ArrivalSchedule(.stages([.rate(from: 5, to: 1, length: .seconds(4))]), agents: 100, seed: 1).shortfall == 0)
    }
}
