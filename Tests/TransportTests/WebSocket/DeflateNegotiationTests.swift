import Testing

@testable import Transport

@Suite("permessage-deflate negotiation (RFC 7692, section 7.1)")
struct DeflateNegotiationTests {
    private func agree(_ answer: String, _ offer: DeflateOffer) throws -> DeflateParameters {
        let elements = try #require(WebSocketExtension.parse([answer]))
        #expect(elements.count == 1)
        return try offer.agree(to: elements[0])
    }

    private func answer(_ offers: String, _ policy: DeflatePolicy = DeflatePolicy(noContextTakeover: false)) -> String?
    {
        guard let elements = WebSocketExtension.parse([offers]) else { return nil }
        return elements.lazy.compactMap { policy.answer($0)?.fieldValue }.first
    }

    @Test("Elements and parameters are read, quoted values too")
    func grammar() {
        let parsed = WebSocketExtension.parse(["a, B ; c ;d=5; e=\"10\"", "f"])
        #expect(
            parsed == [
                WebSocketExtension(name: "a", parameters: []),
                WebSocketExtension(name: "b", parameters: [("c", nil), ("d", "5"), ("e", "10")]),
                WebSocketExtension(name: "f", parameters: []),
            ])
    }

    @Test(
        "What does not follow the grammar is refused as a whole",
        arguments: [
            "", "a;", "a,", "a;=b", "a;b=", "a;b=\"", "a;b=\"c", "a;b=\"\"", "a b", "a;b=\"c d\"", ";", ",", "a;b==c",
        ])
    func badGrammar(value: String) {
        #expect(WebSocketExtension.parse([value]) == nil)
    }

    @Test("Long lists are refused")
    func longLists() {
        #expect(WebSocketExtension.parse([Array(repeating: "a", count: 16).joined(separator: ",")])?.count == 16)
        #expect(WebSocketExtension.parse([Array(repeating: "a", count: 17).joined(separator: ",")]) == nil)
        #expect(WebSocketExtension.parse(["a" + String(repeating: ";b", count: 17)]) == nil)
    }

    @Test("The offer says what is wanted")
    func offers() {
        #expect(
            DeflateOffer().fieldValue
                == "permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits")
        let bare = DeflateOffer(
            clientNoContextTakeover: false, serverNoContextTakeover: false, serverWindowBits: 10, clientWindowBits: 9)
        #expect(bare.fieldValue == "permessage-deflate; server_max_window_bits=10; client_max_window_bits=9")
        let plain = DeflateOffer(
            clientNoContextTakeover: false, serverNoContextTakeover: false, clientWindowBits: nil)
        #expect(plain.fieldValue == "permessage-deflate")
    }

    @Test("A client takes what the server says, within what it offered")
    func clientAgrees() throws {
        let open = DeflateOffer(clientNoContextTakeover: false, serverNoContextTakeover: false)
        #expect(try agree("permessage-deflate", open) == DeflateParameters())
        #expect(
            try agree(
                "permessage-deflate; client_max_window_bits=10; server_max_window_bits=9; server_no_context_takeover;"
                    + "client_no_context_takeover", open)
                == DeflateParameters(
                    clientWindowBits: 10, serverWindowBits: 9, clientNoContextTakeover: true,
                    serverNoContextTakeover: true))
        let strict = DeflateOffer()
        #expect(
            try agree("permessage-deflate; server_no_context_takeover", strict)
                == DeflateParameters(clientNoContextTakeover: true, serverNoContextTakeover: true))
    }

    @Test(
        "Our window is never larger than what we hinted at, whatever the server answers (section 7.1.2.2)",
        arguments: [("", 10), ("; client_max_window_bits=15", 10), ("; client_max_window_bits=9", 9)])
    func ownWindow(answer: String, bits: Int) throws {
        let offer = DeflateOffer(serverNoContextTakeover: false, clientWindowBits: 10)
        #expect(try agree("permessage-deflate" + answer, offer).clientWindowBits == bits)
    }

    @Test(
        "A client refuses answers that break RFC 7692 or its offer",
        arguments: [
            ("x-webkit-deflate-frame", .unknownExtension("x-webkit-deflate-frame")),
            ("permessage-deflate; what", .badParameter("what")),
            ("permessage-deflate; server_no_context_takeover=1", .badParameter("server_no_context_takeover")),
            (
                "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
                .badParameter("client_no_context_takeover")
            ),
            (
                "permessage-deflate; server_no_context_takeover; server_max_window_bits",
                .badParameter("server_max_window_bits")
            ),
            (
                "permessage-deflate; server_no_context_takeover; server_max_window_bits=7",
                .badParameter("server_max_window_bits")
            ),
            (
                "permessage-deflate; server_no_context_takeover; server_max_window_bits=16",
                .badParameter("server_max_window_bits")
            ),
            (
                "permessage-deflate; server_no_context_takeover; server_max_window_bits=09",
                .badParameter("server_max_window_bits")
            ),
            (
                "permessage-deflate; server_no_context_takeover; server_max_window_bits=12",
                .badParameter("server_max_window_bits")
            ),
            ("permessage-deflate; server_no_context_takeover", .badParameter("server_max_window_bits")),
            (
                "permessage-deflate; server_no_context_takeover; server_max_window_bits=10; client_max_window_bits=10",
                .badParameter("client_max_window_bits")
            ),
            (
                "permessage-deflate; server_no_context_takeover; client_max_window_bits",
                .badParameter("client_max_window_bits")
            ),
            ("permessage-deflate; server_max_window_bits=10", .contextTakeoverRefused),
        ] as [(String, DeflateNegotiationError)])
    func clientRefuses(value: String, error: DeflateNegotiationError) {
        let offer = DeflateOffer(serverWindowBits: 11, clientWindowBits: nil)
        #expect(throws: error) { try agree(value, offer) }
    }

    @Test(
        "A server answers the first offer that it can meet",
        arguments: [
            ("permessage-deflate", "permessage-deflate"),
            ("permessage-deflate; client_max_window_bits", "permessage-deflate"),
            ("permessage-deflate; client_max_window_bits=10", "permessage-deflate; client_max_window_bits=10"),
            ("permessage-deflate; server_max_window_bits=10", "permessage-deflate; server_max_window_bits=10"),
            ("permessage-deflate; server_max_window_bits=15", "permessage-deflate; server_max_window_bits=15"),
            ("permessage-deflate; server_no_context_takeover", "permessage-deflate; server_no_context_takeover"),
            ("permessage-deflate; client_no_context_takeover", "permessage-deflate; client_no_context_takeover"),
            ("permessage-deflate; server_max_window_bits=8, permessage-deflate", "permessage-deflate"),
            (
                "permessage-deflate; x, permessage-deflate; server_max_window_bits=12",
                "permessage-deflate; server_max_window_bits=12"
            ),
            ("permessage-deflate; server_max_window_bits", nil),
            ("permessage-deflate; client_max_window_bits=99", nil),
            ("permessage-deflate; server_max_window_bits=8", nil),
            ("mux", nil),
        ] as [(String, String?)])
    func serverAnswers(offers: String, expected: String?) {
        #expect(answer(offers) == expected)
    }

    @Test("A server without context takeover declares that in every negotiation")
    func serverInsists() {
        #expect(
            answer("permessage-deflate", DeflatePolicy(noContextTakeover: true, windowBits: 12))
                == """
                permessage-deflate; server_no_context_takeover; client_no_context_takeover; \
                server_max_window_bits=12
                """
        )
    }

    @Test("Windows outside 8 to 15 bits, or too small to compress with, become the nearest that may be used")
    func boundedWindows() {
        let offer = DeflateOffer(serverWindowBits: 3, clientWindowBits: 99)
        #expect(offer.serverWindowBits == 8)
        #expect(offer.clientWindowBits == 15)
        #expect(DeflatePolicy(windowBits: 8).windowBits == 9)
        #expect(DeflatePolicy(windowBits: 16).windowBits == 15)
    }

    @Test("Which compressor an agreement asks for depends on who sends")
    func bySender() {
        let agreed = DeflateParameters(
            clientWindowBits: 10, serverWindowBits: 12, clientNoContextTakeover: true, serverNoContextTakeover: false)
        #expect(agreed.windowBits(sentBy: .client) == 10)
        #expect(agreed.windowBits(sentBy: .server) == 12)
        #expect(agreed.noContextTakeover(sentBy: .client))
        #expect(!agreed.noContextTakeover(sentBy: .server))
    }
}
