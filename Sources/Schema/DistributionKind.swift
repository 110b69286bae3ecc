package import Basis

extension Distribution {
    private static let wanted =
        "a duration such as 20ms, {uniform: [10ms, 50ms]}, {exponential: 20ms}, {log_normal: {median: 20ms, sigma: "
        + "0.5}} or {quantiles: [...]}"

    /// A time that is always the same, or drawn.
    package static func kind(_ range: ClosedRange<Nanoseconds> = .zero ... .hours(1)) -> Kind<Distribution> {
        let pair = Kind<[Nanoseconds]>.list("durations", 2...2, of: .duration(range).quoted).checked {
            $0.count == 2 && $0[0] > $0[1] ? "the first is more than the second" : nil
        } mend: {
            $0.sorted()
        }
        return .oneOf(wanted: wanted) { forms in
            let constant = forms.scalar(.duration(range), "Always the same.", Distribution.constant)
            let uniform = forms.key("uniform", pair, "Evenly between the two.") {
                $0.count == 2 ? .uniform($0[0], $0[1]) : .constant(.zero)
            }
            let exponential = forms.key("exponential", .duration(range), "Without memory, by its mean.") {
                .exponential(mean: $0)
            }
            let logNormal = forms.key("log_normal", Kind<LogNormal>.section, "As most service times.") {
                .logNormal(median: $0.median, sigma: $0.sigma)
            }
            let quantiles = forms.key("quantiles", quantileTable(range), "By a table of quantiles, as measured.") {
                .quantiles($0)
            }
            return { value in
                switch value {
                case .constant(let span): constant(span)
                case .uniform(let low, let high): uniform([low, high])
                case .exponential(let mean): exponential(mean)
                case .logNormal(let median, let sigma): logNormal(LogNormal(median: median, sigma: sigma))
                case .quantiles(let table): quantiles(table)
                }
            }
        }
    }

    struct LogNormal: Settings {
        var median = Nanoseconds.zero
        var sigma = 0.5

        static let standard = LogNormal()
        static let schema = Schema<LogNormal>(
            "log_normal", "Bell-shaped on a logarithmic scale.",
            [
                Key("median", \.median, .duration(.zero ... .days(31)), "Half of the draws are below.", required: true),
                Key("sigma", \.sigma, .decimal(0...5), "The spread of the logarithm."),
            ])
    }

    private static func quantileTable(_ range: ClosedRange<Nanoseconds>) -> Kind<[Quantile]> {
        let rows = Kind<[QuantileRow]>.list("quantiles", 2...32, of: .section).checked { rows in
            if zip(rows, rows.dropFirst()).contains(where: { $0.rank > $1.rank || $0.time > $1.time }) {
                return "the quantiles do not rise from row to row"
            }
            let isInRange = rows.allSatisfy { range.contains($0.time) }
            let allowed = "\(DurationText.format(range.lowerBound)) to \(DurationText.format(range.upperBound))"
            return isInRange ? nil : "allowed are times from \(allowed)"
        } mend: { rows in
            zip(rows.map(\.rank).sorted(), rows.map(\.time).sorted()).map {
                QuantileRow(rank: $0, time: min(max($1, range.lowerBound), range.upperBound))
            }
        }
        return rows.converted(
            { $0.map { Quantile(rank: $0.rank, span: $0.time) } },
            { $0.map { QuantileRow(rank: $0.rank, time: $0.span) } })
    }

    struct QuantileRow: Settings {
        var rank = 0.0
        var time = Nanoseconds.zero

        static let standard = QuantileRow()
        static let schema = Schema<QuantileRow>(
            "quantile", "A row of a table of quantiles.",
            [
                Key("rank", \.rank, .share, "The share of times that are at most this long.", required: true),
                Key("time", \.time, .duration(.zero ... .days(31)), "The time.", required: true),
            ])
    }
}
