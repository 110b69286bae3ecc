import Basis
import Foundation
import Statistics

extension LimitDocument {
    /// The universal scalability law, fitted to the throughput of the trials.
    public struct Scalability: Codable, Hashable, Sendable {
        /// `none`, `peak`, `levels_off`, `ceiling` or `not_followed`.
        public var shape: String
        /// The load of the knee; absent where none is named.
        public var knee: Estimate?
        /// The throughput of each unit of a small load.
        public var throughputPerLoad: Double
        public var contention: Estimate
        public var crosstalk: Estimate
        /// The root of the mean square of the trials' relative deviations from the law.
        public var deviation: Double
        /// Those that were used.
        public var trials: Int
        /// The highest of their loads.
        public var highestLoad: Double

        public struct Estimate: Codable, Hashable, Sendable {
            public var value: Double
            /// The 95 % interval; absent where none is known.
            public var low: Double?
            public var high: Double?
        }

        /// - Returns: nil where the trials are too few.
        init?(_ trials: [Trial]) {
            let measured = trials.filter { $0.outcome != "not_decided" }.compactMap { trial in
                trial.throughput.map {
                    ScalabilityFit.Trial(load: trial.load, throughput: $0, messages: Double(trial.messages ?? 0))
                }
            }
            guard let fit = ScalabilityFit(measured) else { return nil }
            func known(_ estimate: ScalabilityFit.Estimate) -> Estimate {
                Estimate(value: estimate.value, low: estimate.low, high: estimate.high)
            }
            switch fit.shape {
            case .noKnee: shape = "none"
            case .peak(let load): (shape, knee) = ("peak", known(load))
            case .levelsOff(let load): (shape, knee) = ("levels_off", known(load))
            case .ceiling(let load): (shape, knee) = ("ceiling", Estimate(value: load))
            case .notFollowed: shape = "not_followed"
            }
            throughputPerLoad = fit.throughputPerLoad
            (contention, crosstalk) = (known(fit.contention), known(fit.crosstalk))
            (deviation, self.trials, highestLoad) = (fit.deviation, fit.trials, fit.highestLoad)
        }

        func throughput(at load: Double) -> Double {
            throughputPerLoad * load / (1 + contention.value * (load - 1) + crosstalk.value * load * (load - 1))
        }
    }

    /// Whether the trials show a knee, in words.
    public var kneeSentence: String {
        guard let law = scalability else {
            return "The trials show no knee: the universal scalability law takes \(ScalabilityFit.minTrials) trials "
                + "with \(Figures.decimals(ScalabilityFit.minMessages, 0)) messages or more, at different loads."
        }
        let parameters =
            "contention \(Self.scientific(law.contention)), crosstalk \(Self.scientific(law.crosstalk)) "
            + "(universal scalability law, \(law.trials) trials, deviation \(Figures.percent(law.deviation)))"
        guard let knee = law.knee else {
            return law.shape == "none"
                ? "The trials show no knee: both intervals hold zero: \(parameters)."
                : "The trials show no knee: their throughput does not follow the law: \(parameters)."
        }
        let unit = Self.unit(load)
        var place = "\(Self.text(knee.value)) \(unit)"
        if let low = knee.low, let high = knee.high { place += " (95 %: \(Self.text(low)) … \(Self.text(high)))" }
        let beyond =
            knee.value > law.highestLoad
            ? " That is beyond the highest load tried (\(Self.text(law.highestLoad)))." : ""
        switch law.shape {
        case "peak":
            let most = Figures.rate(law.throughput(at: knee.value))
            return "Knee at \(place): the throughput is at most \(most) messages/s, and falls beyond it; "
                + "\(parameters)."
                + beyond
        case "levels_off":
            let most = Figures.rate(law.throughputPerLoad / law.contention.value)
            return "Knee at \(place): the throughput approaches \(most) messages/s; \(parameters)." + beyond
        default:
            let most = Figures.rate(law.throughputPerLoad * knee.value)
            return "Knee at \(place): the throughput rises in proportion to the load up to there and is constant "
                + "beyond it, about \(most) messages/s. That fits the trials better "
                + "than the universal scalability law does."
                + beyond
        }
    }

    /// `4.9e-05 (95 %: 4.1e-05 … 5.7e-05)`: of values that may be far below one.
    private static func scientific(_ estimate: Scalability.Estimate) -> String {
        func text(_ value: Double?) -> String { String(format: "%.2g", value ?? 0) }
        return "\(text(estimate.value)) (95 %: \(text(estimate.low)) … \(text(estimate.high)))"
    }
}
