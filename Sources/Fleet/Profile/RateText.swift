/// Rates as people write them: `500/s`, `90/m`, `2.5/s`, `600/h`.
public enum RateText {
    static let wanted = "a rate such as 500/s, 90/m or 600/h"

    /// A rate in events a second; never negative.
    public static func parse(_ text: String) throws(QuantityProblem) -> Double {
        let malformed = QuantityProblem(kind: .malformed, found: text, wanted: wanted)
        guard let number = NumberText(startOf: ArraySlice(text.utf8)) else { throw malformed }
        let suffix = String(decoding: number.rest, as: UTF8.self)
        let digits = String(text.dropLast(suffix.count))
        guard let value = Double(digits) else { throw malformed }
        switch suffix {
        case "/s": return value
        case "/m", "/min": return value / 60
        case "/h": return value / 3600
        case "":
            throw QuantityProblem(kind: .bareNumber, found: text, wanted: wanted, remedy: "\(digits)/s")
        default: throw malformed
        }
    }

    /// The exact text of a rate that is between the bounds a profile allows.
    public static func format(_ perSecond: Double) -> String {
        for (unit, seconds) in [("s", 1.0), ("m", 60.0), ("h", 3600.0)] {
            let text = "\(NumberText.shortest(perSecond * seconds))/\(unit)"
            if let same = try? parse(text), same == perSecond { return text }
        }
        return "\(perSecond)/s"
    }
}
