import AgentModel
import Basis
import Schema

extension ReconnectPolicy {
    static let delays = Nanoseconds.milliseconds(1)...Nanoseconds.days(1)

    static let kind = Kind<ReconnectPolicy>.oneOf(tag: "policy") { forms in
        let opampGo = forms.word(
            "opamp-go", .opampGo, "Reconnects at once; then waits longer after each failure, up to a minute.")
        let longDelay = forms.tag("long-delay", "Waits for a time between the two before it tries.") {
            (delay: LongDelay) in .longRandomDelay(minimum: delay.minimum, maximum: delay.maximum)
        }
        let specMinimum = forms.word(
            "spec-minimum", .specificationMinimum,
            "Reconnects at once, then waits at least the 30s that the specification recommends.")
        let exponential = forms.tag("exponential", "Tries at once; then waits longer after each failure, as given.") {
            (growing: Growing) in
            .exponential(
                initial: growing.start, multiplier: growing.factor, maximum: growing.cap, jitter: growing.jitter)
        }
        let fixed = forms.tag("fixed", "Always the same wait, whatever the server asks for: badly behaved.") {
            (wait: Fixed) in .fixed(wait.delay)
        }
        return { value in
            switch value {
            case .opampGo: opampGo
            case .specificationMinimum: specMinimum
            case .longRandomDelay(let minimum, let maximum): longDelay(LongDelay(minimum: minimum, maximum: maximum))
            case .exponential(let start, let factor, let cap, let jitter):
                exponential(Growing(start: start, factor: factor, cap: cap, jitter: jitter))
            case .fixed(let delay): fixed(Fixed(delay: delay))
            }
        }
    }

    struct LongDelay: Settings {
        /// The half minute to two minutes that some supervisors wait.
        var minimum = Nanoseconds.seconds(30)
        var maximum = Nanoseconds.seconds(120)

        static let standard = LongDelay()
        static let schema = Schema<LongDelay>(
            "long-delay", "Waits before it reconnects.",
            [
                Key("minimum", \.minimum, .duration(delays), "The shortest wait."),
                Key("maximum", \.maximum, .duration(delays), "The longest wait."),
            ],
            rules: [
                Rule { delay, check in
                    guard delay.minimum > delay.maximum else { return }
                    let (minimum, maximum) = (DurationText.format(delay.minimum), DurationText.format(delay.maximum))
                    check.contradiction(\.minimum, "the minimum of \(minimum) is more than the maximum of \(maximum)")
                }
            ],
            completing: { delay, given in
                if !given(\.maximum) { delay.maximum = max(delay.maximum, delay.minimum) }
            })
    }

    struct Growing: Settings {
        var start = Nanoseconds.milliseconds(500)
        var factor = 1.5
        var cap = Nanoseconds.seconds(60)
        var jitter = 0.5

        static let standard = Growing()
        static let schema = Schema<Growing>(
            "exponential", "Waits longer after each failure. The defaults are those of opamp-go's client.",
            [
                Key("start", \.start, .duration(delays), "The wait after the first failure."),
                Key("factor", \.factor, .decimal(1...100), "Each wait is the one before, times that."),
                Key("cap", \.cap, .duration(delays), "The longest wait, before jitter."),
                Key("jitter", \.jitter, .share, "How far a wait may be shorter or longer, as a share of it."),
            ],
            rules: [
                Rule { growing, check in
                    guard growing.start > growing.cap else { return }
                    let (start, cap) = (DurationText.format(growing.start), DurationText.format(growing.cap))
                    check.contradiction(\.start, "the start of \(start) is more than the cap of \(cap)")
                }
            ])
    }

    struct Fixed: Settings {
        var delay = Nanoseconds.seconds(1)

        static let standard = Fixed()
        static let schema = Schema<Fixed>(
            "fixed", "Always the same wait.", [Key("delay", \.delay, .duration(delays), "The wait.")])
    }
}
