import Schema

/// Figures for people.
enum Figures {
    /// `12,345`.
    static func count(_ value: Int) -> String {
        var digits = Array(String(value.magnitude))
        var place = digits.count - 3
        while place > 0 {
            digits.insert(",", at: place)
            place -= 3
        }
        return (value < 0 ? "-" : "") + String(digits)
    }

    /// A rate: whole above ten, else with two significant decimals.
    static func rate(_ value: Double) -> String {
        value >= 10 ? count(Int(min(value, 1e15).rounded())) : NumberText.shortest((value * 100).rounded() / 100)
    }

    /// `850 B`, `6.1 KiB`, `20 MiB`.
    static func bytes(_ value: Double) -> String {
        var (value, unit) = (value, "B")
        for next in ["KiB", "MiB", "GiB", "TiB"] where value >= 1_024 {
            (value, unit) = (value / 1_024, next)
        }
        let rounded = value >= 10 || unit == "B" ? value.rounded() : (value * 10).rounded() / 10
        return "\(NumberText.shortest(rounded)) \(unit)"
    }

    /// The share of a part in a whole, `9.1%`.
    static func percent(_ part: Int, of whole: Int) -> String {
        guard whole > 0 else { return "0%" }
        return "\(NumberText.shortest((Double(part) / Double(whole) * 1_000).rounded() / 10))%"
    }
}
