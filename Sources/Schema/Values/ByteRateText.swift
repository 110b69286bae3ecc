/// Rates of bytes as text: `1MiB/s`, `512KiB/s`.
public enum ByteRateText {
    public static let wanted = "a rate such as 512KiB/s or 10MiB/s"

    /// From a bad mobile line to what no disk reads.
    public static let allowed = (1 << 10)...(1 << 40)

    /// Bytes a second.
    public static func parse(_ text: String) throws(QuantityProblem) -> Int {
        guard text.hasSuffix("/s") else {
            throw QuantityProblem(kind: .malformed, found: text, wanted: wanted)
        }
        let bytes = try SizeText.parse(String(text.dropLast(2)))
        guard allowed.contains(bytes) else {
            throw QuantityProblem(
                kind: .outOfRange, found: text,
                wanted: "allowed is \(format(allowed.lowerBound)) to \(format(allowed.upperBound))")
        }
        return bytes
    }

    /// The exact text of a rate.
    public static func format(_ bytesPerSecond: Int) -> String { "\(SizeText.format(bytesPerSecond))/s" }
}
