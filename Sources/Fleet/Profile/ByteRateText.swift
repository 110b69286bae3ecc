/// Rates of bytes as people write them: `1MiB/s`, `512KiB/s`.
public enum ByteRateText {
    static let wanted = "a rate such as 512KiB/s or 10MiB/s"

    /// Bytes a second.
    public static func parse(_ text: String) throws(QuantityProblem) -> Int {
        guard text.hasSuffix("/s") else {
            throw QuantityProblem(kind: .malformed, found: text, wanted: wanted)
        }
        let bytes = try SizeText.parse(String(text.dropLast(2)))
        guard ProfileBounds.byteRate.contains(bytes) else {
            throw QuantityProblem(kind: .outOfRange, found: text, wanted: "allowed is 1KiB/s to 1048576MiB/s")
        }
        return bytes
    }

    /// The exact text of a rate.
    public static func format(_ bytesPerSecond: Int) -> String { "\(SizeText.format(bytesPerSecond))/s" }
}

extension Section {
    func byteRate(_ key: String, or standard: Int?) -> Int? {
        quantity(key, ByteRateText.wanted, or: standard) { text throws(QuantityProblem) in
            try ByteRateText.parse(text)
        }
    }
}

extension YAMLWriter {
    mutating func byteRate(_ key: String, _ rate: Int?) {
        if let rate { scalar(key, .exact(ByteRateText.format(rate))) }
    }
}
