import Basis

/// Dates as HTTP writes them (RFC 9110, section 5.6.7), as seconds since 1970-01-01 00:00:00 UTC.
public enum HTTPDate {
    private static let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// The time that an IMF-fixdate names, such as `Sun, 06 Nov 1994 08:49:37 GMT`; nil for anything else. The obsolete
    /// forms are not read: no server has sent them for decades. A leap second counts as the second before it.
    public static func unixSeconds(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard bytes.count == 29, text.hasSuffix(" GMT") else { return nil }
        for (index, expected) in [(3, ","), (4, " "), (7, " "), (11, " "), (16, " "), (19, ":"), (22, ":")] {
            guard bytes[index] == expected.utf8.first else { return nil }
        }
        guard let weekday = days.firstIndex(of: String(decoding: bytes[0..<3], as: UTF8.self)),
            let month = months.firstIndex(of: String(decoding: bytes[8..<11], as: UTF8.self)),
            let day = number(bytes[5..<7]), let year = number(bytes[12..<16]), let hour = number(bytes[17..<19]),
            let minute = number(bytes[20..<22]), let second = number(bytes[23..<25]),
            day >= 1, day <= length(of: month + 1, in: year), hour < 24, minute < 60, second <= 60
        else { return nil }
        let date = daysSinceEpoch(year, month + 1, day)
        guard (date + 3 + 7 * 200_000) % 7 == weekday else { return nil }
        return Int64(date) * 86_400 + Int64(hour * 3_600 + minute * 60 + min(second, 59))
    }

    /// The IMF-fixdate of a time between the years 0 and 9999.
    public static func text(unixSeconds: Int64) -> String {
        let bounded = min(max(unixSeconds, -62_167_219_200), 253_402_300_799)
        var date = Int(bounded / 86_400)
        var second = Int(bounded % 86_400)
        if second < 0 { (date, second) = (date - 1, second + 86_400) }
        let (year, month, day) = civil(date)
        let weekday = days[(date + 3 + 7 * 200_000) % 7]
        let time = [second / 3_600, second / 60 % 60, second % 60].map { padded($0, 2) }.joined(separator: ":")
        return "\(weekday), \(padded(day, 2)) \(months[month - 1]) \(padded(year, 4)) \(time) GMT"
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard digits.allSatisfy(\.isDecimalDigit) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    private static func padded(_ value: Int, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }

    private static func length(of month: Int, in year: Int) -> Int {
        let isLeap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
        return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
    }

    /// Days from 1970-01-01 in the proleptic Gregorian calendar. Years are counted from March, so that the leap day is the
    /// last of its year.
    private static func daysSinceEpoch(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let marchYear = month > 2 ? year : year - 1
        let marchMonth = month > 2 ? month - 3 : month + 9
        let leapDays = floorDivided(marchYear, 4) - floorDivided(marchYear, 100) + floorDivided(marchYear, 400)
        return 365 * marchYear + leapDays + (153 * marchMonth + 2) / 5 + day - 1 - 719_468
    }

    private static func floorDivided(_ value: Int, _ divisor: Int) -> Int {
        value >= 0 ? value / divisor : -((divisor - 1 - value) / divisor)
    }

    private static func civil(_ date: Int) -> (year: Int, month: Int, day: Int) {
        // The year is found by estimate and correction; at most a few steps.
        var year = 1970 + date / 366
        while daysSinceEpoch(year + 1, 1, 1) <= date { year += 1 }
        while daysSinceEpoch(year, 1, 1) > date { year -= 1 }
        var (month, rest) = (1, date - daysSinceEpoch(year, 1, 1))
        while rest >= length(of: month, in: year) {
            rest -= length(of: month, in: year)
            month += 1
        }
        return (year, month, rest + 1)
    }
}
