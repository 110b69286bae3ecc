package import Basis

extension Distribution {
    private static let wanted =
        "a duration such as 20ms, {uniform: [10ms, 50ms]}, {exponential: 20ms} or {log_normal: {median: 20ms, sigma: "
        + "0.5}}"

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
            return { value in
                switch value {
                case .constant(let span): constant(span)
                case .uniform(let low, let high): uniform([low, high])
                case .exponential(let mean): exponential(mean)
                case .logNormal(let median, let sigma): logNormal(LogNormal(median: median, sigma: sigma))
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
}
