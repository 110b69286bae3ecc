/// Sizes as people write them: `512B`, `4KiB`, `2MiB`, `1.5KiB`. Powers of two only, so that no one has to guess.
public enum SizeText {
    static let wanted = "a size such as 512B, 4KiB or 2MiB"

    private static let units: [(suffix: String, bytes: Int64)] = [("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)]

    /// A size in bytes. A bare number other than 0 is refused, and so are the units of which it is unclear whether they count
    /// in thousands.
    public static func parse(_ text: String) throws(QuantityProblem) -> Int {
        let malformed = QuantityProblem(kind: .malformed, found: text, wanted: wanted)
        if text == "0" { return 0 }
        guard let number = NumberText(startOf: ArraySlice(text.utf8)) else { throw malformed }
        let suffix = String(decoding: number.rest, as: UTF8.self)
        let digits = String(text.dropLast(suffix.count))
        if suffix.isEmpty {
            throw QuantityProblem(kind: .bareNumber, found: text, wanted: wanted, remedy: "\(digits)B or \(digits)KiB")
        }
        guard let unit = units.first(where: { $0.suffix == suffix }) else {
            let remedy = ["k": "KiB", "m": "MiB"][suffix.lowercased().prefix(1)].map { "\(digits)\($0)" }
            throw QuantityProblem(kind: .malformed, found: text, wanted: wanted, remedy: remedy)
        }
        guard let bytes = number.scaled(by: unit.bytes) else {
            throw QuantityProblem(kind: .outOfRange, found: text, wanted: "whole bytes, at most 8191PiB")
        }
        return Int(bytes)
    }

    /// The exact text of a size.
    public static func format(_ bytes: Int) -> String {
        for unit in units where bytes > 0 && bytes % Int(unit.bytes) == 0 {
            return "\(bytes / Int(unit.bytes))\(unit.suffix)"
        }
        return "0B"
    }
}
