/// What a 206 says that it holds (RFC 9110, section 14.4): `bytes 100-199/1000`.
struct ContentRange: Equatable {
    var range: Range<Int>
    /// Nil where the server does not know it (`*`).
    var total: Int?

    init?(_ text: String) {
        let parts = text.split(separator: " ", omittingEmptySubsequences: true)
        guard parts.count == 2, parts[0].lowercased() == "bytes" else { return nil }
        let sides = parts[1].split(separator: "/", omittingEmptySubsequences: false)
        let bounds = sides[0].split(separator: "-", omittingEmptySubsequences: false)
        guard sides.count == 2, bounds.count == 2, let first = DecimalText.number(bounds[0]),
            let last = DecimalText.number(bounds[1]), first <= last, last < Int.max
        else { return nil }
        range = first..<last + 1
        if sides[1] != "*" {
            guard let total = DecimalText.number(sides[1]), total > last else { return nil }
            self.total = total
        }
    }
}

/// What a client asks for with `Range` (RFC 9110, section 14.2), of one range; several are answered with the whole.
public enum RangeRequest: Equatable, Sendable {
    case whole
    case part(Range<Int>)
    /// None of it is there: 416.
    case unsatisfiable

    /// - Parameter size: of the file.
    public init(_ text: String?, size: Int) {
        self = .whole
        guard let text, text.hasPrefix("bytes=") else { return }
        let bounds = text.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
        guard bounds.count == 2, !text.contains(",") else { return }
        if bounds[0].isEmpty {
            guard let count = DecimalText.number(bounds[1]) else { return }
            self = count == 0 || size == 0 ? .unsatisfiable : .part(max(size - count, 0)..<size)
            return
        }
        guard let first = DecimalText.number(bounds[0]) else { return }
        var end = size
        if !bounds[1].isEmpty {
            guard let last = DecimalText.number(bounds[1]), last >= first else { return }
            end = min(size, last == .max ? .max : last + 1)
        }
        self = first < size ? .part(first..<end) : .unsatisfiable
    }
}

enum DecimalText {
    /// Only digits, of a number that an `Int` can hold.
    static func number(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 &- 0x30 < 10 }) else { return nil }
        return Int(text)
    }
}
