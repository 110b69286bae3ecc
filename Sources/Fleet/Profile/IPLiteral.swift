import Schema

/// Numeric addresses, checked by their text alone (RFC 3986 section 3.2.2, RFC 4291 section 2.2).
enum IPLiteral {
    static func isIPv4(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                (1...3).contains(part.utf8.count) && part.utf8.allSatisfy(NumberText.isDigit)
                    && (part == "0" || !part.hasPrefix("0")) && (Int(part) ?? .max) <= 255
            }
    }

    /// Eight groups of up to four hexadecimal digits, one run of zeros perhaps as `::`, the last two groups perhaps in
    /// IPv4 form.
    static func isIPv6(_ text: String) -> Bool {
        var groups = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard (3...9).contains(groups.count) else { return false }
        var needed = 8
        if let last = groups.last, last.contains(".") {
            guard isIPv4(last) else { return false }
            groups.removeLast()
            needed = 6
        }
        // A colon at an edge is right only as half of `::`.
        if groups.first?.isEmpty == true {
            guard groups.dropFirst().first?.isEmpty == true else { return false }
            groups.removeFirst()
        }
        if needed == 8, groups.last?.isEmpty == true {
            guard groups.dropLast().last?.isEmpty == true else { return false }
            groups.removeLast()
        }
        let holes = groups.count { $0.isEmpty }
        let areHexadecimal = groups.allSatisfy { $0.utf8.count <= 4 && $0.allSatisfy { $0.isASCII && $0.isHexDigit } }
        guard areHexadecimal, holes <= 1 else { return false }
        return holes == 1 ? groups.count - 1 < needed : groups.count == needed
    }

    static func isAddress(_ text: String) -> Bool {
        isIPv4(text) || isIPv6(text)
    }
}
