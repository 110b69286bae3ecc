import AgentModel
import Basis
import Engine
import Hosting
import Metrics
import OpAMP
import TestSupport
import Testing
import Transport

/// The table of hostile behaviour, the agents' role: what a server does to the first attempts, and the name under which
/// it is counted. Then the server behaves, and the agents are answered: the run goes on.
@Suite("Hostile servers, and agents that go on", .serialized)
struct HostileServerTableTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let reaction: HTTPReaction
        let counter: Counter
        var isPolling = false
        var compresses = false
        var testDescription: String { (isPolling ? "polls: " : "") + name }

        init(_ name: String, _ reaction: HTTPReaction, _ counter: Counter, compresses: Bool = false) {
            (self.name, self.reaction, self.counter, self.compresses) = (name, reaction, counter, compresses)
        }

        static func polls(_ name: String, _ reaction: HTTPReaction, _ counter: Counter) -> Row {
            var row = Row(name, reaction, counter)
            row.isPolling = true
            return row
        }
    }

    private static func upgraded(_ bytes: [UInt8]) -> HTTPReaction { .upgrades(then: .says(bytes)) }
    private static func frame(_ first: UInt8, _ payload: [UInt8] = [], announcing count: UInt64? = nil) -> [UInt8] {
        HostileFrames.frame(first, payload, announcing: count)
    }
    private static func cat(_ parts: [UInt8]...) -> [UInt8] { Array(parts.joined()) }
    private static func text(_ head: String) -> HTTPReaction { .saysAndCloses(Array(head.utf8)) }

    private static func redirect(_ place: String) -> HTTPReaction { .status(302, "Location: \(place)\r\n") }

    private static func answer(_ body: [UInt8], coding: String) -> HTTPReaction {
        .answer(body, "Content-Encoding: \(coding)\r\n")
    }

    private static let retries: [(String, String)] = [
        ("in seconds", "Retry-After: 1\r\n"), ("as a date", "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n"),
        ("as a date of RFC 850", "Retry-After: Sunday, 06-Nov-94 08:49:37 GMT\r\n"),
        ("as a date of asctime", "Retry-After: Sun Nov  6 08:49:37 1994\r\n"), ("left out", ""),
        ("that is none", "Retry-After: soon\r\n"), ("below zero", "Retry-After: -5\r\n"),
        ("twice", "Retry-After: 0\r\nRetry-After: 1\r\n"),
    ]

    static let upgradeStatuses: [(Int, Counter)] = [
        (401, .upgradeUnauthorized), (403, .upgradeForbidden), (404, .upgradeRefused4xx), (413, .upgradeRefused4xx),
        (426, .upgradeRefused4xx), (500, .upgradeRefused5xx), (204, .upgradeMalformed), (301, .upgradeRedirected),
        (308, .upgradeRedirected), (999, .upgradeMalformed),
    ]

    static let upgradeRefusals: [Row] = upgradeStatuses.map { status, counter in
        Row("\(status) to an upgrade", .status(status), counter)
    }

    static let upgradeRetries: [Row] = [429, 503].flatMap { status in
        retries.map { words, field in
            Row("\(status) with a Retry-After \(words)", .status(status, field), .upgradeThrottled)
        }
    }

    static let upgrades: [Row] = [
        Row("silence", .ignores, .upgradeTimedOut), Row("a close", .closes, .upgradeClosed),
        Row("a reset", .resets, .upgradeClosed),
        Row(
            "a head, byte by byte", .drips(Array("HTTP/1.1 101 x\r\nA: b\r\n".utf8), every: .milliseconds(20)),
            .upgradeTimedOut),
        Row("a head without end", .says([UInt8](repeating: 0x78, count: 200_000)), .upgradeMalformed),
        Row(
            "informational answers without end",
            .drips(Array("HTTP/1.1 100 C\r\n\r\n".utf8), every: .milliseconds(5)), .upgradeTimedOut),
        Row("garbage", text("this is no HTTP\r\n\r\n"), .upgradeMalformed),
        Row("TLS", .says([0x15, 3, 3, 0, 2, 2, 40]), .upgradeMalformed),
        Row(
            "a wrong accept key",
            .says(
                Array(
                    ("HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        + "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n").utf8)), .upgradeMalformed),
        Row(
            "no accept key",
            .says(Array("HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n".utf8)),
            .upgradeMalformed),
        Row(
            "another protocol", .says(Array("HTTP/1.1 101 S\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n".utf8)),
            .upgradeMalformed),
        Row(
            "an extension that was not offered", .upgrades(extensions: "permessage-deflate", then: .says([])),
            .upgradeMalformed),
        Row(
            "a redirect to another scheme",
            text("HTTP/1.1 302 F\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"), .upgradeRedirected
        ),
        Row("a redirect to itself", redirect("/v1/opamp"), .upgradeRedirected),
        Row("a redirect to its place over TLS", redirect("wss://127.0.0.1:1/v1/opamp"), .upgradeRedirected),
        Row(
            "a length of 2^63", text("HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\n"),
            .upgradeMalformed),
    ]

    static let frames: [Row] = [
        Row("silence on the WebSocket", upgraded([]), .unanswered),
        Row(
            "a frame, byte by byte",
            .upgrades(then: .drips(cat(frame(0x82, announcing: 10_000), [0]), every: .milliseconds(20))), .idleTimeout),
        Row(
            "fragments without end",
            .upgrades(
                then: .drips(
                    cat(frame(0x02, [0]), HostileFrames.repeated(frame(0x00, [0]), 500)),
                    every: .milliseconds(5))), .idleTimeout),
        Row(
            "fragments above the limit",
            upgraded(
                cat(frame(0x02, [0]), HostileFrames.repeated(frame(0x00, [UInt8](repeating: 0, count: 60_000)), 30))),
            .oversizedMessage),
        Row("100 MB announced", upgraded(frame(0x82, announcing: 100_000_000)), .oversizedMessage),
        Row("a frame of 2^62", upgraded(frame(0x82, announcing: 1 << 62)), .oversizedMessage),
        Row("a frame of 2^63", upgraded(frame(0x82, announcing: 1 << 63)), .malformedFrame),
        Row("a masked frame", upgraded(HostileFrames.frame(0x82, [0], isMasked: true)), .malformedFrame),
        Row("a reserved opcode", upgraded(frame(0x83)), .malformedFrame),
        Row("a reserved bit", upgraded(frame(0x92, [0])), .malformedFrame),
        Row("compression that was not agreed on", upgraded(frame(0xC2, [2, 0])), .malformedFrame),
        Row("a continuation of nothing", upgraded(frame(0x80, [0])), .malformedFrame),
        Row("a message inside a message", upgraded(cat(frame(0x02, [0]), frame(0x82, [0]))), .malformedFrame),
        Row("a control frame in fragments", upgraded(frame(0x09)), .malformedFrame),
        Row(
            "a control frame of 126 bytes", upgraded(frame(0x89, [UInt8](repeating: 0, count: 126))), .malformedFrame),
        Row(
            "a ping between fragments", upgraded(cat(frame(0x02, [0]), frame(0x89, [7]), frame(0x80))),
            .messagesReceived),
        Row(
            "pings without pause",
            upgraded(cat(HostileFrames.repeated(frame(0x89, [1, 2, 3]), 5_000), HostileFrames.acknowledgement)),
            .messagesReceived),
        Row(
            "pongs that nobody asked for",
            upgraded(cat(HostileFrames.repeated(frame(0x8A, [1]), 1_000), HostileFrames.acknowledgement)),
            .messagesReceived),
        Row("text", upgraded(frame(0x81, [0x30])), .malformedAnswer),
        Row("text that is not UTF-8", upgraded(frame(0x81, [0xFF])), .malformedFrame),
        Row("another message header", upgraded(frame(0x82, [1])), .malformedAnswer),
        Row("invalid protobuf", upgraded(frame(0x82, [0, 0x0A, 200])), .malformedAnswer),
        Row("a group that does not end", upgraded(frame(0x82, [0, 0x0B])), .malformedAnswer),
        Row(
            "a deflate bomb",
            .upgrades(
                extensions: "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
                then: .says(frame(0xC2, HostileFrames.deflateBomb))), .decompressionBomb, compresses: true),
        Row(
            "deflate that is none",
            .upgrades(
                extensions: "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
                then: .says(frame(0xC2, [0xFF, 0xFF]))), .malformedFrame, compresses: true),
        Row("half a frame, then the end", .upgrades(then: .saysAndCloses([0x82, 20, 0])), .peerClosed),
        Row("half a frame, then a reset", .upgrades(then: .saysAndResets([0x82, 20, 0])), .reset),
        Row("a close of one byte", upgraded(frame(0x88, [3])), .malformedFrame),
        Row("a close reason that is not UTF-8", upgraded(HostileFrames.close(1000, reason: [0xFF])), .malformedFrame),
        Row(
            "UNAVAILABLE",
            upgraded(HostileFrames.answer(ServerToAgent(errorResponse: ServerErrorResponse(type: .unavailable)))),
            .throttled),
        Row(
            "BAD_REQUEST",
            upgraded(HostileFrames.answer(ServerToAgent(errorResponse: ServerErrorResponse(type: .badRequest)))),
            .errorAnswers),
    ]

    private static let closesCodes: [UInt16] = [
        1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999,
    ]
    static let closes: [Row] = closesCodes.map { code in
        Row("close code \(code)", upgraded(HostileFrames.close(code)), .closedByServer)
    }

    private static let badClosesCodes: [UInt16] = [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535]
    static let badCloses: [Row] = badClosesCodes.map { code in
        Row("close code \(code)", upgraded(HostileFrames.close(code)), .malformedFrame)
    }

    static let pollStatuses: [(Int, Counter)] = [
        (401, .requestUnauthorized), (403, .requestForbidden), (404, .requestRefused4xx), (413, .requestTooLarge),
        (500, .requestRefused5xx), (302, .requestRedirected),
    ]

    static let pollRefusals: [Row] = pollStatuses.map { status, counter in
        Row.polls("\(status)", .status(status), counter)
    }

    static let pollRetries: [Row] = [429, 503].flatMap { status in
        retries.map { words, field in
            Row.polls("\(status) with a Retry-After \(words)", .status(status, field), .requestThrottled)
        }
    }

    static let polls: [Row] = [
        Row.polls("a close", .closes, .peerClosed), .polls("a reset", .resets, .reset),
        Row.polls("silence", .ignores, .unanswered),
        Row.polls(
            "a head, byte by byte", .drips(Array("HTTP/1.1 200 x\r\nA: b\r\n".utf8), every: .milliseconds(20)),
            .unanswered),
        Row.polls(
            "a body, byte by byte",
            .drips(
                Array("HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n".utf8) + HostileFrames.repeated([0], 10_000),
                every: .milliseconds(1)), .unanswered),
        Row.polls(
            "chunks without end",
            .drips(
                Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
                    + HostileFrames.repeated(Array("1\r\nx\r\n".utf8), 5_000), every: .milliseconds(1)), .unanswered),
        Row.polls("a redirect to itself", redirect("/v1/opamp"), .requestRedirected),
        Row.polls("a redirect to its place over TLS", redirect("https://127.0.0.1:1/v1/opamp"), .requestRedirected),
        Row.polls("a redirect to another scheme", redirect("ws://127.0.0.1:1/"), .requestRedirected),
        Row.polls("garbage", text("this is no HTTP\r\n\r\n"), .responseMalformed),
        Row.polls("a head without end", .says([UInt8](repeating: 0x78, count: 200_000)), .responseMalformed),
        Row.polls(
            "a length of 2^63", text("HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\n"),
            .oversizedMessage),
        Row.polls(
            "two lengths", text("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"),
            .responseMalformed),
        Row.polls("100 MB announced", text("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n"), .oversizedMessage),
        Row.polls(
            "a body that ends early", text("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx"), .peerClosed),
        Row.polls(
            "a chunk that is none", text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
            .responseMalformed),
        Row.polls("invalid protobuf", .answer([0x0A, 200]), .malformedAnswer),
        Row.polls("another coding", answer([1], coding: "br"), .responseMalformed),
        Row.polls("gzip that is none", answer([1, 2, 3], coding: "gzip"), .responseMalformed),
        Row.polls("a bomb in gzip", answer(HostileFrames.bomb(.gzip), coding: "gzip"), .decompressionBomb),
        Row.polls("a bomb in zstd", answer(HostileFrames.bomb(.zstd), coding: "zstd"), .decompressionBomb),
        Row.polls(
            "UNAVAILABLE", .answer(ServerToAgent(errorResponse: ServerErrorResponse(type: .unavailable)).encoded()),
            .throttled),
    ]

    @Test(
        "Each behaviour is counted under its name, and the run goes on",
        arguments: [
            upgradeRefusals, upgradeRetries, upgrades, frames, closes, badCloses, pollRefusals, pollRetries, polls,
        ].flatMap(\.self))
    func row(_ row: Row) async throws {
        let memory = MemoryRow("server: \(row.testDescription)", counter: row.counter.name)
        defer { memory?.end() }
        let server = try ScriptedHTTPServer { request in
            if request.number < 2 { return row.reaction }
            return row.isPolling ? .answer() : .upgrades(then: .says(HostileFrames.acknowledgement))
        }
        let limits = WebSocketLimits(messageBytes: 1 << 20, frameBytes: 1 << 20)
        let transport: AgentTransport = row.isPolling ? .polling(PollingPlan(connections: 2)) : .webSocket
        let target = try SmallFleet.target(server.address, transport: transport, limits: limits) {
            $0.messageTimeout = .milliseconds(300)
            $0.compression.offersDeflate = row.compresses
        }
        let fleet = try SmallFleet(2, at: target) { plan in
            plan.reconnect = .fixed(.milliseconds(10))
            plan.connectTimeout = .milliseconds(300)
            plan.answerTimeout = .milliseconds(300)
            plan.sizes.effectiveConfigBytes = 256
            plan.sizes.availableComponents = 2
            if row.isPolling { plan.pollingInterval = .milliseconds(100) }
        }
        try await fleet.wait(until: row.counter.name, timeout: .seconds(20)) { $0[row.counter] >= 1 }
        // An agent stays on a WebSocket that is silent after an error, or waits long for its end.
        let stays: [Counter] = [.unanswered, .errorAnswers, .throttled]
        if !stays.contains(row.counter) || row.isPolling {
            try await fleet.wait(until: "answers to both", timeout: .seconds(8)) { $0[.agentsAnswered] == 2 }
        }
        await fleet.stop()
        await server.stop()
        // No redirect was followed.
        #expect(server.requests.allSatisfy { $0.head.target == "/v1/opamp" })
    }

    /// What a server does to the first bytes of a TLS handshake.
    static let handshakes: [Row] = [
        Row("silence", .ignores, .connectTimedOut),
        Row(
            "a record, byte by byte",
            .drips([0x16, 3, 3, 0x40, 0, 2] + [UInt8](repeating: 0, count: 16_380), every: .milliseconds(20)),
            .connectTimedOut),
        Row("plaintext", text("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"), .tlsPeerNotTls),
        Row("an alert", .says([0x15, 3, 3, 0, 2, 2, 80]), .tlsAlert),
        Row("a record that is none", .says([0x16, 3, 3, 0, 4, 9, 9, 9, 9]), .tlsOther),
        Row("a close", .closes, .tlsInterrupted), Row("a reset", .resets, .reset),
    ]

    @Test("What a server does to TLS is counted under its name, and agents go on", arguments: handshakes)
    func handshake(_ row: Row) async throws {
        let memory = MemoryRow("server, TLS: \(row.name)", counter: row.counter.name)
        defer { memory?.end() }
        let server = try ScriptedHTTPServer(atFirstBytes: row.reaction)
        let context = try TLSClientContext(TLSClientOptions(trust: .anybody))
        let target = try SmallFleet.target(server.address) {
            $0.security = TargetSecurity(context: context, serverName: nil, identities: nil)
        }
        let fleet = try SmallFleet(2, at: target) { plan in
            plan.reconnect = .fixed(.milliseconds(10))
            // Sooner than a peer that stays is left after the alert.
            plan.connectTimeout = .milliseconds(300)
        }
        try await fleet.wait(until: "several attempts of each") { $0[row.counter] >= 6 }
        await fleet.stop()
        await server.stop()
        let others = Counter.errors.filter { fleet.counters[$0] > 0 && $0 != row.counter }
        #expect(others.isEmpty, "\(others.map(\.name)), \(fleet.named.sorted)")
    }

    @Test("A server that redirects to itself for ever is asked again at the pace of the reconnect policy")
    func redirectLoop() async throws {
        let memory = MemoryRow("server: redirects for ever", counter: Counter.upgradeRedirected.name)
        defer { memory?.end() }
        let server = try ScriptedHTTPServer { _ in Self.redirect("/v1/opamp") }
        let fleet = try SmallFleet(2, at: SmallFleet.target(server.address)) {
            $0.reconnect = .fixed(.milliseconds(50))
        }
        try await fleet.wait(until: "twenty redirects") { $0[.upgradeRedirected] >= 20 }
        await fleet.stop()
        await server.stop()
        // Each attempt is one request, on a connection of its own.
        #expect(server.requests.count <= Int(fleet.counters[.connectionsAttempted]))
        #expect(fleet.counters[.agentsAnswered] == 0)
    }
}
