import Basis

/// Dates as HTTP writes them (RFC 9110, section 5.6.7), as seconds since 1970-01-01 00:00:00 UTC.
public enum HTTPDate {
    private static let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    private static let longDays = [
        "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
    ]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// The time that a date names, in any of the three forms that a recipient has to accept: `Sun, 06 Nov 1994
    /// 08:49:37 GMT` (IMF-fixdate), `Sunday, 06-Nov-94 08:49:37 GMT` (RFC 850) and `Sun Nov 6 08:49:37 1994`
    /// (asctime); nil for anything else. Years of two digits are 1970 to 2069. A leap second counts as the second
    /// before it.
    public static func unixSeconds(_ text: String) -> Int64? {
        // The largest form has 33 characters: "Wednesday, 09-Nov-94 08:49:37 GMT".
        let bytes = Array(text.utf8.prefix(34))
        if bytes.count == 29, bytes[3] == 0x2C { return fixdate(bytes) }
        if bytes.count == 24, bytes[3] == 0x20 { return asctime(bytes) }
        return rfc850(bytes)
    }

    private static func fixdate(_ bytes: [UInt8]) -> Int64? {
        guard matches(bytes[...], "###, ## ### #### ##:##:## GMT"), let weekday = index(of: bytes[0..<3], in: days),
            let year = number(bytes[12..<16])
        else { return nil }
        return seconds(weekday, bytes[5..<7], bytes[8..<11], year, bytes[17..<25])
    }

    private static func rfc850(_ bytes: [UInt8]) -> Int64? {
        guard let comma = bytes.firstIndex(of: 0x2C), matches(bytes[comma...], ", ##-###-## ##:##:## GMT"),
            let weekday = index(of: bytes[..<comma], in: longDays), let short = number(bytes[comma + 9..<comma + 11])
        else { return nil }
        let year = short < 70 ? 2_000 + short : 1_900 + short
        return seconds(
            weekday, bytes[comma + 2..<comma + 4], bytes[comma + 5..<comma + 8], year, bytes[comma + 12..<comma + 20])
    }

    private static func asctime(_ bytes: [UInt8]) -> Int64? {
        guard matches(bytes[...], "### ### ## ##:##:## ####"), let weekday = index(of: bytes[0..<3], in: days),
            let year = number(bytes[20..<24])
        else { return nil }
        // A day of one digit has a space before it.
        let day = bytes[8] == 0x20 ? bytes[9..<10] : bytes[8..<10]
        return seconds(weekday, day, bytes[4..<7], year, bytes[11..<19])
    }

    /// Whether the text has the form: `#` is any character, all others are themselves.
    private static func matches(_ text: ArraySlice<UInt8>, _ form: StaticString) -> Bool {
        form.withUTF8Buffer { form in
            text.count == form.count && zip(text, form).allSatisfy { $1 == UInt8(ascii: "#") || $0 == $1 }
        }
    }

    private static func index(of text: ArraySlice<UInt8>, in names: [String]) -> Int? {
        names.firstIndex { text.elementsEqual($0.utf8) }
    }

    /// - Parameter time: `08:49:37`.
    private static func seconds(
        _ weekday: Int, _ day: ArraySlice<UInt8>, _ month: ArraySlice<UInt8>, _ year: Int, _ time: ArraySlice<UInt8>
    ) -> Int64? {
        let start = time.startIndex
        guard let month = index(of: month, in: months), let day = number(day),
            let hour = number(time[start..<start + 2]), let minute = number(time[start + 3..<start + 5]),
            let second = number(time[start + 6..<start + 8]), day >= 1, day <= length(of: month + 1, in: year),
            hour < 24, minute < 60, second <= 60
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

    /// Days from 1970-01-01 in the proleptic Gregorian calendar. Years are counted from March, so that the leap day is
    /// the last of its year.
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
