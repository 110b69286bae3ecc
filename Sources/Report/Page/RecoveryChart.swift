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

    /// The share that had returned by each moment.
    private static func shares(
        _ returned: CompactHistogram, _ never: CompactHistogram, _ moments: [Nanoseconds]
    ) -> [Double?] {
        // What lies beyond the last moment is not asked for.
        let bounds = moments + [Nanoseconds(Int64.max)]
        var sum = 0.0
        return zip(zip(returned.counts(upTo: bounds), never.counts(upTo: bounds)), moments).map { counts, _ in
            sum += Double(counts.0) - Double(counts.1)
            return returned.count > 0 ? max(sum, 0) / Double(returned.count) : nil
        }
    }

    var html: String {
        guard let last = curves.map(\.returned.highest).max(), last > 0 else { return "" }
        let length = Double(last) / 1e9 / Double(Self.steps)
        let slots = (0...Self.steps).map { Timeline.Slot(start: Double($0) * length, length: length) }
        let traces = curves.enumerated().map { index, curve in
            TimeChart.Trace(
                name: "\(curve.label): \(Figures.count(curve.returned.count)) losses",
                colour: PageStyle.palette[index % PageStyle.palette.count],
                values: Self.shares(curve.returned, curve.never, slots.map { Nanoseconds(seconds: $0.middle) }))
        }
        return TimeChart(
            title: "Recovery after loss",
            caption: "share of the agents with an answer again, by the time since their last answer", form: .lines,
            timeline: Timeline(slots: slots), traces: traces, format: Figures.percent
        ).html
    }
}
