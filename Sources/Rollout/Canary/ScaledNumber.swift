/// A positive number with its own exponent, so that products of thousands of likelihood ratios neither overflow nor
/// vanish. Uses multiplication only: the same on every machine.
struct ScaledNumber: Hashable, Sendable {
    /// In 1 ..< 2.
    private var significand: Double
    private var exponent: Int

    init(_ number: Double) {
        significand = number.significand
        exponent = Int(number.exponent)
    }

    static func * (left: ScaledNumber, right: ScaledNumber) -> ScaledNumber {
        var product = ScaledNumber(left.significand * right.significand)
        product.exponent += left.exponent + right.exponent
        return product
    }

    /// Logarithmic in `power`.
    func raised(to power: Int) -> ScaledNumber {
        var (result, base, rest) = (ScaledNumber(1), self, max(power, 0))
        while rest > 0 {
            if rest & 1 == 1 { result = result * base }
            base = base * base
            rest >>= 1
        }
        return result
    }

    /// As a plain number; above 2¹⁰⁰⁰ and below 2⁻¹⁰⁰⁰ these.
    var value: Double {
        Double(sign: .plus, exponent: min(max(exponent, -1_000), 1_000), significand: significand)
    }
}
