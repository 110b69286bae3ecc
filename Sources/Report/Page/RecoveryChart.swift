import Basis
import Metrics

/// How fast a fleet is back after a loss: the share of the agents that had an answer again, by the time since their
/// last answer before: of all losses of the run, and of each phase where they happened in several.
struct RecoveryChart {
    /// How many phases are drawn: those with the most losses.
    private static let maxCurves = 6
    private static let steps = 80

    private let curves: [(label: String, returned: CompactHistogram, never: CompactHistogram)]

    init(_ record: RunRecord) {
        func histogram(_ tag: String) -> CompactHistogram? { record.histograms.first { $0.tag == tag }?.histogram }
        let measure = Measure.timeWithoutServer.name
        func curve(_ label: String, _ prefix: String) -> (
            label: String, returned: CompactHistogram, never: CompactHistogram
        )? {
            histogram("\(prefix)/\(measure)").map { all in
                // Of agents that had no answer until the end only a lower bound is known.
                (label, all, histogram("\(prefix)/\(measure)/at_least") ?? .empty)
            }
        }
        // What the end of a run finds still lost was lost before.
        let phases = record.summary.phases.filter { $0.label != "drain" }.compactMap {
            curve($0.label, "phase/\($0.label)")
        }
        let most = phases.sorted { $0.returned.count > $1.returned.count }.prefix(Self.maxCurves)
        curves = (curve("all", "total").map { [$0] } ?? []) + (phases.count > 1 ? Array(most) : [])
    }

    var html: String {
        guard let last = curves.map(\.returned.highest).max(), last > 0 else { return "" }
        let length = Double(last) / 1e9 / Double(Self.steps)
        let slots = (0...Self.steps).map { Timeline.Slot(start: Double($0) * length, length: length) }
        let traces = curves.enumerated().map { index, curve in
            TimeChart.Trace(
                name: "\(curve.label): \(Figures.count(curve.returned.count)) losses",
                colour: PageStyle.palette[index % PageStyle.palette.count],
                values: slots.map { slot in
                    let span = Nanoseconds(seconds: slot.middle)
                    func count(_ histogram: CompactHistogram) -> Double {
                        histogram.share(atMost: span) * Double(histogram.count)
                    }
                    let all = Double(curve.returned.count)
                    return all > 0 ? max(count(curve.returned) - count(curve.never), 0) / all : nil
                })
        }
        return TimeChart(
            title: "Recovery after loss",
            caption: "share of the agents with an answer again, by the time since their last answer", form: .lines,
            timeline: Timeline(slots: slots), traces: traces, format: Figures.percent
        ).html
    }
}
