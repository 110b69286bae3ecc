public import Basis

/// Durations as text: `500ms`, `10s`, `1m30s`, `2h`, `1.5s`. Units from large to small, each once:
/// `d`, `h`, `m`, `s`, `ms`, `us` (or `µs`), `ns`.
public enum DurationText {
    /// In words, for messages.
    public static let wanted = "a duration such as 500ms, 10s, 1m30s or 2h"

    private static let units: [(suffix: String, nanoseconds: Int64)] = [
        ("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000),
        ("ms", 1_000_000), ("us", 1_000), ("ns", 1),
    ]

    /// The span that `text` writes; never negative. A bare number is refused, because nobody knows its unit; only `0`
    /// needs none.
    public static func parse(_ text: String) throws(QuantityProblem) -> Nanoseconds {
        let malformed = QuantityProblem(kind: .malformed, found: text, wanted: wanted)
        if text == "0" { return .zero }
        if NumberText.isNumber(text) {
            let digits = text.hasPrefix("+") ? String(text.dropFirst()) : text
            guard !digits.hasPrefix("-") else { throw malformed }
            throw QuantityProblem(
                kind: .bareNumber, found: text, wanted: wanted,
                remedy: "\(digits)s for seconds, \(digits)ms for milliseconds")
        }
        var rest = ArraySlice(text.utf8)
        var total = Nanoseconds.zero
        var smallestSoFar = Int64.max
        guard !rest.isEmpty else { throw malformed }
        while !rest.isEmpty {
            guard let number = NumberText(startOf: rest) else { throw malformed }
            let letters = number.rest.prefix { !NumberText.isDigit($0) }
            var suffix = String(decoding: letters, as: UTF8.self)
            if suffix == "µs" || suffix == "μs" { suffix = "us" }
            guard let unit = units.first(where: { $0.suffix == suffix }), unit.nanoseconds < smallestSoFar else {
                throw malformed
            }
            guard let span = number.scaled(by: unit.nanoseconds) else {
                throw QuantityProblem(
                    kind: .outOfRange, found: text, wanted: "whole nanoseconds, at most about 292 years")
            }
            total = total + Nanoseconds(span)
            smallestSoFar = unit.nanoseconds
            rest = number.rest.dropFirst(letters.count)
        }
        return total
    }

    /// The span that `text` writes, within `range`.
    public static func parse(
        _ text: String, in range: ClosedRange<Nanoseconds>
    ) throws(QuantityProblem) -> Nanoseconds {
        let span = try parse(text)
        guard range.contains(span) else {
            throw QuantityProblem(kind: .outOfRange, found: text, wanted: describe(range))
        }
        return span
    }

    /// The exact text of a span: reads back to the same nanosecond.
    public static func format(_ span: Nanoseconds) -> String {
        if span.count <= 0 { return "0s" }
        var rest = span.count
        var text = ""
        for unit in units where unit.suffix != "d" && rest >= unit.nanoseconds {
            text += "\(rest / unit.nanoseconds)\(unit.suffix)"
            rest %= unit.nanoseconds
        }
        return text
    }

    static func describe(_ range: ClosedRange<Nanoseconds>) -> String {
        "allowed is \(format(range.lowerBound)) to \(format(range.upperBound))"
    }
}
