/// Shares of a whole as text: `2%`, `0.02`, `100%`.
public enum ShareText {
    public static let wanted = "a share such as 2% or 0.02"

    /// A share in `0 ... 1`. A bare whole number above 0 is refused: `1` could be one percent or all of it.
    public static func parse(_ text: String) throws(QuantityProblem) -> Double {
        let malformed = QuantityProblem(kind: .malformed, found: text, wanted: wanted)
        let isPercent = text.hasSuffix("%")
        let number = isPercent ? String(text.dropLast()) : text
        // The exponent makes the percentage the nearest share to what is written, as a division would not.
        guard NumberText.isNumber(number), let value = Double(isPercent ? number + "e-2" : number) else {
            throw malformed
        }
        if !isPercent, NumberText.integer(number) != nil, value != 0 {
            throw QuantityProblem(kind: .bareNumber, found: text, wanted: wanted, remedy: "\(text)% for a percentage")
        }
        guard (0...1).contains(value) else {
            throw QuantityProblem(kind: .outOfRange, found: text, wanted: "allowed is 0% to 100%")
        }
        return value
    }

    /// The exact text of a share, in percent.
    public static func format(_ share: Double) -> String {
        let parts = decimal(share).split(separator: ".", omittingEmptySubsequences: false)
        let decimals = (parts.count > 1 ? String(parts[1]) : "") + "00"
        // The point moves by two places; nothing is computed, so nothing is lost.
        let whole = (parts[0] + decimals.prefix(2)).drop { $0 == "0" }
        var rest = decimals.dropFirst(2)
        while rest.last == "0" { rest.removeLast() }
        return (whole.isEmpty ? "0" : whole) + (rest.isEmpty ? "" : "." + rest) + "%"
    }

    /// `value`, not negative, in plain decimals: the shortest description may carry an exponent, which a document does
    /// not allow.
    public static func decimal(_ value: Double) -> String {
        let text = NumberText.shortest(value)
        guard let mark = text.firstIndex(of: "e"), let exponent = Int(text[text.index(after: mark)...]), exponent < 0
        else {
            return text
        }
        let digits = text[..<mark].filter { $0 != "." }
        return "0." + String(repeating: "0", count: -exponent - 1) + digits
    }
}
