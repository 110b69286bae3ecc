/// A decimal number as written in a document, split by hand so that no locale, exponent, underscore or hexadecimal form
/// that YAML's many dialects read differently can slip in.
public struct NumberText {
    /// Digits before the point; nil where there are more than an `Int64` holds.
    public var whole: Int64?
    /// Digits after the point, as written.
    var fraction: ArraySlice<UInt8>
    /// The rest of the text after the number.
    public var rest: ArraySlice<UInt8>

    /// Reads an unsigned decimal number from the start of `text`; nil if there is none.
    public init?(startOf text: ArraySlice<UInt8>) {
        let digits = text.prefix(while: Self.isDigit)
        guard !digits.isEmpty else { return nil }
        var value: Int64? = 0
        for digit in digits {
            let (tens, overflow) = (value ?? .max).multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(Int64(digit - UInt8(ascii: "0")))
            value = overflow || carry ? nil : sum
            if value == nil { break }
        }
        whole = value
        rest = text.dropFirst(digits.count)
        fraction = []
        if rest.first == UInt8(ascii: ".") {
            let decimals = rest.dropFirst().prefix(while: Self.isDigit)
            guard !decimals.isEmpty else { return nil }
            fraction = decimals
            rest = rest.dropFirst(1 + decimals.count)
        }
    }

    /// The number times `unit`, exactly; nil where that is no whole number or does not fit.
    public func scaled(by unit: Int64) -> Int64? {
        guard let whole else { return nil }
        let (product, overflow) = whole.multipliedReportingOverflow(by: unit)
        if overflow { return nil }
        var (parts, scale) = (Int64(0), Int64(1))
        // Trailing zeros say nothing; more than 9 significant decimals would be finer than a nanosecond.
        let decimals = fraction.reversed().drop { $0 == UInt8(ascii: "0") }.reversed()
        guard decimals.count <= 9 else { return nil }
        for digit in decimals {
            parts = parts * 10 + Int64(digit - UInt8(ascii: "0"))
            scale *= 10
        }
        let (numerator, tooBig) = parts.multipliedReportingOverflow(by: unit)
        if tooBig { return nil }
        guard numerator % scale == 0 else { return nil }
        let (sum, carry) = product.addingReportingOverflow(numerator / scale)
        return carry ? nil : sum
    }

    /// Whether `text` is a whole decimal number, perhaps signed.
    public static func isNumber(_ text: String) -> Bool {
        var bytes = ArraySlice(text.utf8)
        if bytes.first == UInt8(ascii: "-") || bytes.first == UInt8(ascii: "+") { bytes = bytes.dropFirst() }
        return NumberText(startOf: bytes)?.rest.isEmpty ?? false
    }

    /// The integer that `text` writes in plain decimal, perhaps signed; nil for anything else. Saturates beyond `Int`.
    public static func integer(_ text: String) -> Int? {
        var bytes = ArraySlice(text.utf8)
        let isNegative = bytes.first == UInt8(ascii: "-")
        if isNegative || bytes.first == UInt8(ascii: "+") { bytes = bytes.dropFirst() }
        guard let number = NumberText(startOf: bytes), number.rest.isEmpty, number.fraction.isEmpty else { return nil }
        let magnitude = number.whole ?? .max
        return Int(isNegative ? -magnitude : magnitude)
    }

    public static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    /// `value` without a useless `.0`, in a form that reads back to the same value.
    public static func shortest(_ value: Double) -> String {
        let text = "\(value)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
