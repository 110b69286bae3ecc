import Basis
public import Metrics
import OpAMP

/// `waves.csv`: how each offer spread over the fleet, as shares of the agents that received it, over the time of its
/// clock.
public enum WaveTable {
    /// The names of the columns.
    public static let columns =
        ["wave", "kind", "clock", "seconds"] + OfferStage.allCases.map { "share_\($0.name)" }

    public static func text(of waves: [WaveSummary]) -> String {
        var text = columns.joined(separator: ",") + "\n"
        for wave in waves {
            for time in wave.times {
                let shares = OfferStage.allCases.map { Figures.decimals(wave.share(of: $0, by: time), 6) }
                let cells =
                    [
                        SeriesTable.quoted(wave.wave.label), wave.wave.kind.key, wave.wave.clock.rawValue,
                        Figures.decimals(time.seconds, 6),
                    ] + shares
                text += cells.joined(separator: ",") + "\n"
            }
        }
        return text
    }
}

/// `transitions.csv`: every step of the agents that were traced.
public enum TraceTable {
    public static func text(of trace: [TracedTransition]) -> String {
        var text = TracedTransition.columns.joined(separator: ",") + "\n"
        for step in trace { text += step.line + "\n" }
        return text
    }
}
