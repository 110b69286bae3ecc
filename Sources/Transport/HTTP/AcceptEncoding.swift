import Basis

/// Which content codings a peer takes, and how gladly (RFC 9110, section 12.5.3).
public struct AcceptEncoding: Hashable, Sendable {
    /// Thousandths of a preference, by coding; nil for those not named.
    private var weights: [UInt16?] = ContentCoding.allCases.map { _ in nil }
    /// For all codings that are not named.
    private var others: UInt16?

    /// Reads a message's Accept-Encoding. Elements that do not follow the grammar are skipped. Without the field,
    /// nothing but identity is taken: a peer that says nothing may not be able to decode anything.
    public init(_ fields: HTTPFields) {
        for value in fields.values(of: "Accept-Encoding") {
            for element in value.split(separator: ",").prefix(Self.maximumCount) {
                add(element)
            }
        }
    }

    /// The most elements of a field that are read; real peers name five at most.
    private static let maximumCount = 32

    /// How gladly the peer takes `coding`, 0 (not at all) to 1000.
    public func weight(of coding: ContentCoding) -> UInt16 {
        if let weight = weights[Int(coding.rawValue)] { return weight }
        // Identity is fine unless excluded; anything else must be named, or covered by the asterisk.
        return others ?? (coding == .identity ? 1 : 0)
    }

    /// The one of `candidates` that the peer takes most gladly, the earlier at equal weights; identity where it takes
    /// none of them, or names identity as what it would rather have.
    public func best(of candidates: [ContentCoding]) -> ContentCoding {
        var best = (coding: ContentCoding.identity, weight: UInt16(0))
        for coding in candidates where weight(of: coding) > best.weight {
            best = (coding, weight(of: coding))
        }
        let plain = weights[Int(ContentCoding.identity.rawValue)] ?? 0
        return plain > best.weight ? .identity : best.coding
    }

    private mutating func add(_ element: Substring) {
        let parts = element.split(separator: ";", omittingEmptySubsequences: false).map(Self.trimmed)
        var weight: UInt16 = 1000
        for part in parts.dropFirst() {
            guard part.hasPrefix("q=") || part.hasPrefix("Q="), let parsed = Self.weight(part.dropFirst(2)) else {
                return
            }
            weight = parsed
        }
        if parts[0] == "*" {
            others = weight
        } else if let coding = ContentCoding(String(parts[0])) {
            weights[Int(coding.rawValue)] = weight
        }
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var rest = text.drop { $0 == " " || $0 == "\t" }
        while let last = rest.last, last == " " || last == "\t" { rest.removeLast() }
        return rest
    }

    /// `0` or `1`, a point, and at most three digits; at most 1 (RFC 9110, section 12.4.2).
    private static func weight(_ text: Substring) -> UInt16? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, whole == "0" || whole == "1" else { return nil }
        let decimals = parts.count > 1 ? parts[1] : ""
        guard decimals.count <= 3, decimals.utf8.allSatisfy(\.isDecimalDigit) else { return nil }
        let padded = String(decimals) + String(repeating: "0", count: 3 - decimals.count)
        guard let fraction = UInt16(padded) else { return nil }
        let weight = (whole == "1" ? 1000 : 0) + fraction
        return weight <= 1000 ? weight : nil
    }
}
