import Basis
import Metrics

extension Timeline {
    /// The axis of a run: its rows, its offers and marks, the times without answers.
    /// - Parameter rows: of the series, as many as the charts draw.
    init(_ record: RunRecord, rows: [SeriesRow]) {
        let slots = rows.map {
            Slot(start: $0.start.seconds, length: $0.length.seconds, phase: $0.phase, level: $0.level)
        }
        let summary = record.summary
        // An offer that a phase began with has the name of the phase.
        let offers = summary.waves.filter { wave in
            !summary.phases.contains {
                ($0.start - wave.start).seconds.magnitude < 2 && wave.wave.label.hasPrefix($0.label)
                    && wave.wave.label == $0.label
            }
        }
        let marks =
            offers.map { Mark(at: max($0.start.seconds, 0), name: $0.wave.label) }
            + summary.marks.map { Mark(at: $0.at.seconds, name: "mark: \($0.name)") }
        self.init(
            slots: slots, marks: marks.sorted { $0.at < $1.at },
            outages: ServerSilence.spans(record.series).map {
                Span(from: $0.start.seconds, to: ($0.start + $0.length).seconds, name: "no answers")
            }, startedAt: summary.identity.startedAt)
    }
}

/// A time in which the fleet asked the server for something and had no answer.
struct ServerSilence: Equatable {
    var start: Nanoseconds
    var length: Nanoseconds

    /// A shorter one is no outage: a report at the end of a row is answered in the next.
    private static let minLength = Nanoseconds.milliseconds(900)
    /// With fewer reports and attempts to connect it may be chance.
    private static let minAsked: UInt64 = 10

    /// Those between the first and the last answer of a run, and one at its end before the agents leave.
    static func spans(_ rows: [SeriesRow]) -> [ServerSilence] {
        guard let first = rows.firstIndex(where: { $0.counters[.answersReceived] > 0 }) else { return [] }
        var spans: [ServerSilence] = []
        var (open, asked) = (ServerSilence?.none, UInt64(0))
        func close() {
            if let silence = open, silence.length >= minLength, asked >= minAsked { spans.append(silence) }
            (open, asked) = (nil, 0)
        }
        for row in rows[first...] {
            guard row.counters[.answersReceived] == 0, row.phase != "drain" else {
                close()
                continue
            }
            open = ServerSilence(start: open?.start ?? row.start, length: (open?.length ?? .zero) + row.length)
            asked += row.counters.reportsSent + row.counters[.connectionsAttempted]
            asked += row.counters[.heartbeatsNotPossible]
        }
        close()
        return spans
    }
}
