import Basis

/// An arrival in one word, as the command line takes it: `all-at-once`, `30s` (a ramp over that time) or `500/s` (a Poisson
/// process).
public enum ArrivalText {
    static let wanted = "all-at-once, a time to ramp up over such as 30s, or a rate such as 500/s"

    public static func parse(_ text: String) throws(QuantityProblem) -> Arrival {
        if text == "all-at-once" { return .allAtOnce }
        if text.contains("/") {
            let rate = try RateText.parse(text)
            guard ProfileBounds.arrivalRate.contains(rate) else {
                let bounds = ProfileBounds.arrivalRate
                let allowed = "\(RateText.format(bounds.lowerBound)) to \(RateText.format(bounds.upperBound))"
                throw QuantityProblem(kind: .outOfRange, found: text, wanted: "allowed is \(allowed)")
            }
            return .poisson(perSecond: rate)
        }
        guard text.utf8.first.map(NumberText.isDigit) == true else {
            throw QuantityProblem(kind: .malformed, found: text, wanted: wanted)
        }
        return .ramp(over: try DurationText.parse(text, in: ProfileBounds.stageLength))
    }
}
