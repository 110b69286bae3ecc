import Basis
import Engine
import Metrics

extension FleetRun {
    /// When the run is to start, on the engine's clock; nil: as soon as it can.
    var plannedStart: Instant? {
        options.startsAt.map { seconds in
            let now = Double(WallClock.unixNanoseconds(at: Shard.clock)) / 1e9
            return Shard.clock + Nanoseconds(seconds: max(seconds - now, 0))
        }
    }

    /// Sleeps until shortly before the planned start, in naps, so that an interruption is noticed soon.
    func waitForStart() async {
        guard let planned = plannedStart else { return }
        await sleep(until: planned - FleetRun.readiness)
    }

    /// What is to be known of a run that could not start in time.
    func lateStart(_ start: Instant) -> [RunWarning] {
        guard let wanted = options.startsAt else { return [] }
        let late = Double(WallClock.unixNanoseconds(at: start)) / 1e9 - wanted
        guard late > Self.latestStart else { return [] }
        return [
            RunWarning(
                rule: "late-start",
                message: "the run began \(Figures.duration(Nanoseconds(seconds: late))) after --start-at",
                remedy: "choose a later time: preparing the run takes seconds")
        ]
    }

    /// So long before its start the run gets ready.
    private static let readiness = Nanoseconds.milliseconds(250)
    /// A run is late from so many seconds after its time.
    private static let latestStart = 0.1
}
