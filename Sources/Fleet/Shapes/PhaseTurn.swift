import Basis
import Hosting
import Schema

/// A moment at which the load of a run changes by plan, so that another phase begins.
struct PhaseTurn {
    let at: Instant
    let phase: String
    /// A cohort's new pace.
    var pace: (cohort: Int, factor: Double)?
    /// When the fleet can be as it is to be again; nil: not within this phase.
    var settled: Instant?
}

extension Profile {
    /// The turns of a run, in order: changes of pace, and stages of populations after the first.
    func turns(from start: Instant) -> [PhaseTurn] {
        let paces = cohorts.enumerated().flatMap { number, cohort in
            cohort.pace.map {
                PhaseTurn(
                    at: start + $0.at.offset(in: duration), phase: "pace x\(NumberText.shortest($0.factor))",
                    pace: (number, $0.factor))
            }
        }
        return (paces + populationTurns(from: start)).filter { $0.at < start + duration }.enumerated().sorted {
            ($0.element.at, $0.offset) < ($1.element.at, $1.offset)
        }.map(\.element)
    }

    private func populationTurns(from start: Instant) -> [PhaseTurn] {
        let parts = PopulationShape(self).parts
        var turns: [PhaseTurn] = []
        for curve in parts.map(\.curve) where curve.stages.count <= Self.maxTurns {
            var level = curve.initial
            for (stage, begin) in zip(curve.stages, curve.starts) {
                defer { level = stage.to }
                guard stage.to != level, begin > .zero else { continue }
                turns.append(
                    PhaseTurn(
                        at: start + begin, phase: stage.to > level ? "growth" : "decline",
                        settled: start + begin + stage.length))
            }
        }
        return turns.count <= Self.maxTurns ? turns : []
    }

    /// A curve of more stages, such as a day's, is one phase.
    private static var maxTurns: Int { 40 }
}
