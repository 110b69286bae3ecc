import Basis
import Testing
import Transport

@Suite("HTTP dates and Retry-After")
struct HTTPDateTests {
    @Test(
        "IMF-fixdates are read and written (RFC 9110, section 5.6.7)",
        arguments: [
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Wed, 31 Dec 1969 23:59:59 GMT", -1), ("Tue, 29 Feb 2000 12:00:00 GMT", 951_825_600),
            ("Thu, 29 Feb 2024 23:59:59 GMT", 1_709_251_199), ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
            ("Sat, 01 Jan 0000 00:00:00 GMT", -62_167_219_200),
        ] as [(String, Int64)])
    func vectors(text: String, seconds: Int64) {
        #expect(HTTPDate.unixSeconds(text) == seconds)
        #expect(HTTPDate.text(unixSeconds: seconds) == text)
    }

    @Test(
        "The obsolete forms are read too: a recipient has to accept all three",
        arguments: [
            ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777), ("Sun Nov  6 08:49:37 1994", 784_111_777),
            ("Thursday, 01-Jan-70 00:00:00 GMT", 0), ("Thu Jan  1 00:00:00 1970", 0),
            ("Thursday, 29-Feb-24 23:59:59 GMT", 1_709_251_199), ("Thu Feb 29 23:59:59 2024", 1_709_251_199),
            ("Wednesday, 31-Dec-69 00:00:00 GMT", nil), ("Tuesday, 31-Dec-69 00:00:00 GMT", 3_155_673_600),
        ] as [(String, Int64?)])
    func obsoleteForms(text: String, seconds: Int64?) {
        #expect(HTTPDate.unixSeconds(text) == seconds)
    }

    @Test(
        "Anything else is no date",
        arguments: [
            "", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC", "Mon, 06 Nov 1994 08:49:37 GMT",
            "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06-Nov-94 08:49:37 GMT", "Monday, 06-Nov-94 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37", "Sunday, 06-Nov-1994 08:49:37 GMT", "Sun Nov 6 08:49:37 1994",
            "Sun Nov  6 08:49:37 1994 GMT", "Sun Nov 31 08:49:37 1994", "Sunday", ", 06-Nov-94 08:49:37 GMT",
            "Wednesday, 06-Nov-94 08:49:37 GMT and more",
            "Wed, 31 Apr 2024 00:00:00 GMT", "Wed, 29 Feb 2023 00:00:00 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT",
            "Sun, 06 Nov 1994 0a:49:37 GMT", "sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
            "Sun,\u{A0}06 Nov 1994 8:49:37 GMT",
        ])
    func noDates(text: String) {
        #expect(HTTPDate.unixSeconds(text) == nil)
    }

    @Test("Every time of four centuries survives being written and read", arguments: [1, 2] as [UInt64])
    func roundTrip(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        for _ in 0..<2_000 {
            let seconds = Int64(random.next() % 12_622_780_800)
            #expect(HTTPDate.unixSeconds(HTTPDate.text(unixSeconds: seconds)) == seconds)
        }
    }

    @Test("A leap second counts as the second before it")
    func leapSecond() {
        #expect(HTTPDate.unixSeconds("Sat, 31 Dec 2016 23:59:60 GMT") == 1_483_228_799)
    }

    @Test(
        "Retry-After is seconds or a date, and a date that has passed is now",
        arguments: [
            ("0", 0), ("120", 120), ("99999999999999999999999", UInt32.max), ("Thu, 01 Jan 1970 00:16:50 GMT", 10),
            ("Thursday, 01-Jan-70 00:16:50 GMT", 10), ("Thu Jan  1 00:16:50 1970", 10),
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("-1", nil), ("1.5", nil), ("", nil), ("1 s", nil), ("soon", nil),
        ] as [(String, UInt32?)])
    func retryAfter(text: String, seconds: UInt32?) {
        #expect(RetryAfter(text)?.seconds(from: 1_000) == seconds)
    }
}
