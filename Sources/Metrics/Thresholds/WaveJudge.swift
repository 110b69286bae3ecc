import Basis
import OpAMP

/// Judges a threshold on the waves of a kind: every one of them has to keep it.
struct WaveJudge {
    private let threshold: Threshold
    private let context: ThresholdMeter.Context

    init(_ threshold: Threshold, _ context: ThresholdMeter.Context) {
        self.threshold = threshold
        self.context = context
    }

    var judgement: Judgement {
        let judgements: [Judgement]
        switch threshold.metric {
        case .wave(let kind, let stage, let figure):
            judgements = waves(kind).map { judge($0, stage, figure) }
        case .waveShare(let kind, let stage):
            judgements = waves(kind).map { judge($0, stage) }
        default: judgements = []
        }
        return Judgement.worst(judgements) ?? Judgement(notDecided: "no offer of this kind reached an agent")
    }

    private func waves(_ kind: OfferKind) -> [WaveSummary] {
        context.waves.filter { wave in
            guard wave.wave.kind == kind, wave.count(.received) > 0 else { return false }
            guard case .phase(let label) = threshold.scope else { return true }
            return wave.wave.label == label || wave.wave.label.hasPrefix("\(label) (")
        }
    }

    private func judge(_ wave: WaveSummary, _ stage: OfferStage) -> Judgement {
        let (reached, received) = (min(wave.count(stage), wave.count(.received)), wave.count(.received))
        let share = Double(reached) / Double(received)
        return Judgement(
            threshold, low: share, high: share,
            figure: "\(Figures.share(share)) (\(Figures.count(reached)) of \(Figures.count(received)))", unclear: "")
    }

    /// Agents that received the offer and have not reached the stage count as well: each takes at least until now.
    private func judge(_ wave: WaveSummary, _ stage: OfferStage, _ figure: ThresholdMetric.Figure) -> Judgement {
        let times = wave[stage]
        let all = max(wave.count(.received), times.count)
        let percentile: Double
        switch figure {
        case .percentile(let value): percentile = value
        case .max: percentile = 100
        case .min: percentile = 0
        case .mean:
            guard times.count == all else {
                return Judgement(notDecided: "\(all - times.count) agents have not reached the stage: there is no mean")
            }
            return judgement(times.mean)
        }
        let rank = max(1, (percentile.nextDown / 100 * Double(all)).rounded(.up))
        guard rank <= Double(times.count) else {
            let soFar = max(context.elapsed - wave.start, .zero)
            return Judgement(
                threshold, low: Double(soFar.count), high: nil,
                figure: "reached by \(Figures.count(times.count)) of \(Figures.count(all)) agents",
                unclear: "the run ended \(Figures.duration(soFar)) after the offer")
        }
        if case .percentile = figure, Double(all) * min(percentile, 100 - percentile) / 100 < Self.minBeyond - 1e-6 {
            return Judgement(notDecided: "too few agents: \(all), fewer than 10 beyond the percentile")
        }
        // Ranks count all agents, the histogram only those that have reached the stage.
        return judgement(times.value(atPercentile: min(rank / Double(times.count) * 100, 100)))
    }

    private func judgement(_ value: Nanoseconds) -> Judgement {
        Judgement(
            threshold, low: Double(value.count), high: Double(value.count), figure: Figures.duration(value), unclear: ""
        )
    }

    private static let minBeyond = 10.0
}
