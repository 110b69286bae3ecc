import Basis
public import Schema

/// From when on agents report more or less often.
public struct PaceChange: Hashable, Sendable {
    public var at = RunTime.after(.zero)
    /// How many times as often as the heartbeat interval, or the polling interval, says.
    public var factor = 1.0
}

extension PaceChange: Settings {
    public static let standard = PaceChange()

    public static let schema = Schema<PaceChange>(
        "pace", "From when on agents send heartbeats or poll more or less often.",
        [
            Key(
                "at", \.at, RunTime.kind, "When it begins; agents follow with their next heartbeats.", required: true),
            Key(
                "factor", \.factor, .decimal(0.001...1_000),
                "How many times as often as the interval says; 1: as often.", required: true),
        ])
}

/// A change of pace of one cohort in a run.
struct PaceStep {
    let at: Instant
    let cohort: Int
    let factor: Double

    /// The name of the phase that begins with it.
    var phase: String { "pace x\(NumberText.shortest(factor))" }
}

extension Profile {
    /// The changes of pace of all cohorts, in order.
    func paces(from start: Instant) -> [PaceStep] {
        cohorts.enumerated().flatMap { number, cohort in
            cohort.pace.map {
                PaceStep(at: start + $0.at.offset(in: duration), cohort: number, factor: $0.factor)
            }
        }.filter { $0.at < start + duration }.enumerated().sorted {
            ($0.element.at, $0.offset) < ($1.element.at, $1.offset)
        }.map(\.element)
    }
}
