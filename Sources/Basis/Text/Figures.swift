/// Numbers for people: three significant digits, the unit that fits, commas between thousands. The one formatter of all
/// that Muster prints.
package enum Figures {
    /// `64 ns`, `312 µs`, `1.20 ms`, `12.3 s`, `2m05s`, `1h05m`; `0` for zero.
    package static func duration(_ span: Nanoseconds) -> String {
        let nanoseconds = Double(span.count)
        switch span.count {
        case ..<0: return "-" + duration(.zero - span)
        case 0: return "0"
        case ..<1_000: return "\(span.count) ns"
        case ..<999_500: return threeDigits(nanoseconds / 1e3) + " µs"
        case ..<999_500_000: return threeDigits(nanoseconds / 1e6) + " ms"
        case ..<60_000_000_000: return threeDigits(nanoseconds / 1e9) + " s"
        default: return clock(span)
        }
    }

    /// Whole seconds of a run: `42s`, `2m05s`, `1h05m`, `2d03h`.
    package static func clock(_ span: Nanoseconds) -> String {
        let seconds = Int64(max(span, .zero).seconds.rounded())
        switch seconds {
        case ..<60: return "\(seconds)s"
        case ..<3600: return "\(seconds / 60)m\(twoDigits(seconds % 60))s"
        case ..<86400: return "\(seconds / 3600)h\(twoDigits(seconds / 60 % 60))m"
        default: return "\(seconds / 86400)d\(twoDigits(seconds / 3600 % 24))h"
        }
    }

    /// `12,345`.
    package static func count(_ value: some BinaryInteger) -> String {
        var groups: [UInt64] = []
        var rest = UInt64(clamping: value.magnitude)
        while rest >= 1_000 {
            groups.append(rest % 1_000)
            rest /= 1_000
        }
        var text = value < 0 ? "-\(rest)" : "\(rest)"
        for group in groups.reversed() {
            text += group < 10 ? ",00" : group < 100 ? ",0" : ","
            text += "\(group)"
        }
        return text
    }

    /// A rate, without its unit: `0`, `0.25`, `12.3`, `1,234`.
    package static func rate(_ perSecond: Double) -> String {
        guard perSecond.isFinite, perSecond > 0 else { return "0" }
        return perSecond < 999.5 ? threeDigits(perSecond) : count(Int64(min(perSecond, 9e18).rounded()))
    }

    /// `512 B`, `1.23 kB`, `45.6 MB`, `7.89 GB`: powers of ten.
    package static func bytes(_ value: Double) -> String {
        let units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"]
        var (rest, unit) = (max(value, 0), 0)
        while rest >= 999.5, unit < units.count - 1 {
            rest /= 1000
            unit += 1
        }
        return (unit == 0 ? "\(Int(rest.rounded()))" : threeDigits(rest)) + " " + units[unit]
    }

    /// `850 B`, `6.1 KiB`, `20 MiB`: powers of two, for sizes that a profile sets in such units.
    package static func binaryBytes(_ value: Double) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
        var (rest, unit) = (max(value, 0), 0)
        while rest >= 1_024, unit < units.count - 1 {
            rest /= 1_024
            unit += 1
        }
        let text = unit == 0 || rest >= 9.95 ? "\(Int(rest.rounded()))" : decimals(rest, 1)
        return (text.hasSuffix(".0") ? String(text.dropLast(2)) : text) + " " + units[unit]
    }

    /// `0 %`, `0.3 %`, `34 %`: of a share in 0...1.
    package static func percent(_ share: Double) -> String {
        guard share.isFinite, share > 0 else { return "0 %" }
        if share < 0.0005 { return "<0.1 %" }
        return (share < 0.0995 ? decimals(share * 100, 1) : "\(Int((share * 100).rounded()))") + " %"
    }

    /// `2 cores`, `1 core`, `1.5 cores`.
    package static func cores(_ count: Double) -> String {
        decimals(count, count == count.rounded() ? 0 : 1) + (count == 1 ? " core" : " cores")
    }

    /// Three significant digits of a value in 0.001..<1000, trailing zeros kept: columns of them line up.
    package static func threeDigits(_ value: Double) -> String {
        switch value {
        case ..<9.995: decimals(value, 2)
        case ..<99.95: decimals(value, 1)
        default: "\(Int(value.rounded()))"
        }
    }

    /// A fixed number of decimals.
    package static func decimals(_ value: Double, _ places: Int) -> String {
        guard value.isFinite, value.magnitude < 9e12 else { return "0" }
        var scale = 1
        for _ in 0..<places { scale *= 10 }
        let scaled = Int64((value * Double(scale)).rounded())
        guard places > 0 else { return "\(scaled)" }
        let (whole, fraction) = Int(scaled.magnitude).quotientAndRemainder(dividingBy: scale)
        var text = scaled < 0 ? "-" : ""
        text += "\(whole)."
        // Zeros between the point and the first other digit.
        var next = scale / 10
        while next > max(fraction, 1) {
            text += "0"
            next /= 10
        }
        text += "\(fraction)"
        return text
    }

    private static func twoDigits(_ value: Int64) -> String {
        value < 10 ? "0\(value)" : "\(value)"
    }
}
