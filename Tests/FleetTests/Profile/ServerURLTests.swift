import Testing

@testable import Fleet

@Suite("Server addresses")
struct ServerURLTests {
    @Test(
        "Port and path may be left out, the rest is kept",
        arguments: [
            ("ws://127.0.0.1", "ws://127.0.0.1:4320/v1/opamp"),
            ("ws://Example.COM:80", "ws://example.com:80/v1/opamp"),
            ("wss://opamp.example.com/", "wss://opamp.example.com:4320/"),
            ("HTTP://host_a:1/x?y=1", "http://host_a:1/x?y=1"),
            ("https://[::1]:8443/opamp", "https://[::1]:8443/opamp"),
            ("ws://[FE80::1]", "ws://[fe80::1]:4320/v1/opamp"),
            ("ws://[::ffff:10.0.0.1]:65535", "ws://[::ffff:10.0.0.1]:65535/v1/opamp"),
            ("ws://localhost.?token=a", "ws://localhost.:4320/?token=a"),
        ])
    func good(text: String, canonical: String) throws {
        let url = try ServerURL(text)
        #expect(url.text == canonical)
        #expect(try ServerURL(canonical) == url)
    }

    @Test("The parts are distinguished")
    func parts() throws {
        let url = try ServerURL("wss://[2001:db8::7]:8443/a/b")
        #expect(url == ServerURL(scheme: .wss, host: "2001:db8::7", port: 8443, path: "/a/b"))
        #expect(url.isSecure && url.isWebSocket && url.bracketedHost == "[2001:db8::7]")
    }

    @Test(
        "A bad address is refused by the name of its fault",
        arguments: [
            ("", .missingScheme("")), ("127.0.0.1:4320", .missingScheme("127.0.0.1:4320")),
            ("ftp://a", .unknownScheme("ftp")), ("://a", .unknownScheme("")), ("ws://", .missingHost),
            ("ws://:4320", .missingHost), ("ws:///v1", .missingHost), ("ws://::1", .bareIPv6("::1")),
            ("ws://[::1", .badHost("[::1")), ("ws://[::1]x", .badHost("[::1]x")), ("ws://[::g]", .badHost("[::g]")),
            ("ws://a:0", .badPort("0")), ("ws://a:65536", .badPort("65536")), ("ws://a:", .badPort("")),
            ("ws://a:+1", .badPort("+1")), ("ws://-a", .badHost("-a")), ("ws://a..b", .badHost("a..b")),
            ("ws://256.1.1.1", .badHost("256.1.1.1")), ("ws://1.2.3", .badHost("1.2.3")),
            ("ws://u:p@a", .credentials), ("ws://a/#x", .fragment),
            ("ws://a b", .badCharacter(" ", in: "ws://a b")), ("ws://bücher", .badCharacter("ü", in: "ws://bücher")),
            ("ws://a/\r\nHost: b", .badCharacter("\r", in: "ws://a/\r\nHost: b")),
            ("ws://a/" + String(repeating: "x", count: 5_000), .tooLong),
        ] as [(String, ServerURLError)])
    func bad(text: String, error: ServerURLError) {
        #expect(throws: error) { try ServerURL(text) }
    }

    @Test("What is wrong comes with the remedy")
    func remedies() {
        #expect { try ServerURL("localhost:4320") } throws: { "\($0)".contains("write ws://localhost:4320") }
        #expect { try ServerURL("ws://::1") } throws: { "\($0)".contains("[::1]:4320") }
    }

    @Test(
        "IPv6 literals are distinguished from text that only looks like one",
        arguments: [
            ("::", true), ("::1", true), ("1::", true), ("1:2:3:4:5:6:7:8", true), ("1:2:3:4:5:6:7::", true),
            ("::2:3:4:5:6:7:8", true), ("fe80::1:2", true), ("1:2:3:4:5:6:1.2.3.4", true), ("::1.2.3.4", true),
            ("1:2:3:4:5:6:7", false), ("1:2:3:4:5:6:7:8:9", false), ("1::2::3", false), (":::", false), (":1", false),
            ("1:", false), ("12345::", false), ("1:2:3:4:5:6:7:1.2.3.4", false), ("::1.2.3", false), ("", false),
            ("1:2:3:4:5:6:7:8::", false), ("::1:2:3:4:5:6:7:8", false), ("fe80::1%eth0", false),
        ])
    func ipv6(text: String, isAddress: Bool) {
        #expect(IPLiteral.isIPv6(text) == isAddress)
    }
}
