import Basis
import Rollout
import Simulation

/// The charts of a rehearsal, along the time of its rollout: what the server goes through, and what becomes of the
/// stages.
struct RehearsalCharts {
    private let summary: RehearsalSummary
    private let minutes: [MinuteLoad]
    private let timeline: Timeline

    /// Stages drawn side by side; all are in the table.
    private static let maxStages = 40

    /// From the begin of the rollout to some minutes after its end.
    init(_ summary: RehearsalSummary) {
        self.summary = summary
        func minute(_ instant: Instant) -> Int { Int(instant.nanoseconds / 60_000_000_000) }
        let count = summary.minutes.count
        let first = min(summary.began.map(minute) ?? 0, count)
        let end = summary.ended.map(minute) ?? count
        let last = min(max(end + 10, first + 15), count)
        minutes = Array(summary.minutes[first..<last])
        let origin = Instant.zero + .seconds(Int64(first) * 60)
        let stages = summary.stages.map {
            Timeline.Mark(at: max(($0.began - origin).seconds, 0), name: "stage \($0.number + 1)")
        }
        let stop = summary.stopped.map { [Timeline.Mark(at: ($0.at - origin).seconds, name: "stopped")] } ?? []
        var timeline = Timeline(
            slots: minutes.indices.map { Timeline.Slot(start: Double($0) * 60, length: 60) },
            marks: (stages + stop).sorted { $0.at < $1.at })
        timeline.marksName = "a stage begins, or the rollout is stopped"
        self.timeline = timeline
    }

    var all: [String] {
        [
            chart(
                "Load", "a minute, on the server",
                [
                    ("reports", "a", { Double($0.reports) }), ("attempts to connect", "b", { Double($0.attempts) }),
                    ("offers", "c", { Double($0.offers) }),
                ], Figures.rate),
            stages,
            chart(
                "Attempts to connect", "a minute, and those that succeeded",
                [("attempts", "b", { Double($0.attempts) }), ("connected", "c", { Double($0.opened) })], Figures.rate),
            chart(
                "Traffic", "bytes a minute",
                [("received", "a", { Double($0.bytesIn) }), ("sent", "b", { Double($0.bytesOut) })], Figures.bytes),
        ]
    }

    private func chart(
        _ title: String, _ caption: String, _ traces: [(name: String, colour: String, value: (MinuteLoad) -> Double)],
        _ format: @escaping (Double) -> String
    ) -> String {
        TimeChart(
            title: title, caption: caption, form: .lines, timeline: timeline,
            traces: traces.map { .init(name: $0.name, colour: $0.colour, values: minutes.map($0.value)) },
            format: format
        ).html
    }

    /// What became of the agents of each stage.
    private var stages: String {
        let stages = summary.stages.prefix(Self.maxStages)
        let kinds: [(name: String, colour: String, value: (RolloutTally) -> Double)] = [
            ("applied", "c", { Double($0.applied) }), ("failed", "b", { Double($0.failed) }),
            ("unhealthy", "d", { Double($0.unhealthySince) }), ("disconnected", "a", { Double($0.disconnectedSince) }),
            ("no answer", "g", { Double($0.noAnswer) }), ("restored", "k", { Double($0.restored) }),
        ]
        let rows = stages.map { stage in
            BarChart.Row(
                name: "stage \(stage.number + 1)", values: kinds.map { $0.value(stage.tally) })
        }
        return BarChart(
            title: "Agents by stage", caption: "what became of them; an agent may be in several",
            series: kinds.map { ($0.name, $0.colour) }, rows: Array(rows), format: Figures.rate
        ).html
    }
}
