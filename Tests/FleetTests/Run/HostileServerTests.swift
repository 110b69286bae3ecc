import Basis
import Engine
import Metrics
import TestSupport
import Testing
import Transport

@testable import Fleet

/// A short run of three agents against a faulty server: it ends by itself, and what happened is in the results by name.
@Suite("Hostile servers", .takingTurns)
struct HostileServerTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let reaction: HTTPReaction
        let counter: Counter
        var testDescription: String { name }
    }

    static func frame(_ opcode: WebSocketOpcode, _ payload: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        WebSocketFrame.append(opcode, payload: payload.span.bytes, mask: nil, to: &bytes)
        return bytes
    }

    static let cases: [Case] = [
        Case(
            name: "garbage instead of HTTP", reaction: .saysAndCloses(Array("this is no HTTP\r\n\r\n".utf8)),
            counter: .upgradeMalformed),
        Case(
            name: "404", reaction: .saysAndCloses(Array("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".utf8)),
            counter: .upgradeRefused4xx),
        Case(
            name: "500", reaction: .saysAndCloses(Array("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n".utf8)),
            counter: .upgradeRefused5xx),
        Case(
            name: "503 with Retry-After",
            reaction: .saysAndCloses(Array("HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n".utf8)),
            counter: .upgradeThrottled),
        Case(
            name: "401", reaction: .saysAndCloses(Array("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n".utf8)),
            counter: .upgradeUnauthorized),
        Case(
            name: "403", reaction: .saysAndCloses(Array("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n".utf8)),
            counter: .upgradeForbidden),
        Case(
            name: "426",
            reaction: .saysAndCloses(Array("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n".utf8)),
            counter: .upgradeRefused4xx),
        Case(
            name: "200 in place of 101",
            reaction: .saysAndCloses(Array("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".utf8)),
            counter: .upgradeMalformed),
        Case(
            name: "a permanent redirect",
            reaction: .saysAndCloses(
                Array("HTTP/1.1 308 Moved\r\nLocation: ws://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n".utf8)),
            counter: .upgradeRedirected),
        Case(
            name: "a compressed frame where nothing was agreed on",
            reaction: .upgrades(then: .says([0xC2, 0x02, 0x02, 0x00])), counter: .malformedFrame),
        Case(
            name: "a redirect",
            reaction: .saysAndCloses(
                Array("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n".utf8)),
            counter: .upgradeRedirected),
        Case(
            name: "an upgrade with the wrong key",
            reaction: .says(
                Array(
                    ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        + "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n").utf8)),
            counter: .upgradeMalformed),
        Case(
            name: "an endless head",
            reaction: .says(Array("HTTP/1.1 101 \(String(repeating: "x", count: 100_000))".utf8)),
            counter: .upgradeMalformed),
        Case(name: "silence", reaction: .ignores, counter: .upgradeTimedOut),
        Case(name: "a close before the answer", reaction: .closes, counter: .upgradeClosed),
        Case(name: "a reset before the answer", reaction: .resets, counter: .upgradeClosed),
        Case(
            name: "a frame of 1 GiB", reaction: .upgrades(then: .says([0x82, 127, 0, 0, 0, 0, 0x40, 0, 0, 0])),
            counter: .oversizedMessage),
        Case(name: "a reserved opcode", reaction: .upgrades(then: .says([0x83, 0])), counter: .malformedFrame),
        Case(
            name: "a masked frame", reaction: .upgrades(then: .says([0x82, 0x80, 1, 2, 3, 4])), counter: .malformedFrame
        ),
        Case(
            name: "half a frame, then the end", reaction: .upgrades(then: .saysAndCloses([0x82, 20, 0, 1])),
            counter: .peerClosed),
        Case(name: "a reset", reaction: .upgrades(then: .resets), counter: .reset),
        Case(name: "a text message", reaction: .upgrades(then: .says(frame(.text, [0x30]))), counter: .malformedAnswer),
        Case(
            name: "another message header", reaction: .upgrades(then: .says(frame(.binary, [1]))),
            counter: .malformedAnswer),
        Case(
            name: "broken protobuf", reaction: .upgrades(then: .says(frame(.binary, [0, 0x0A, 200]))),
            counter: .malformedAnswer),
    ]

    @Test("Every fault of a server is counted under its name, and the run ends", arguments: cases)
    func misbehaviourIsCounted(_ example: Case) async throws {
        let server = try ScriptedHTTPServer { _ in example.reaction }
        let record = try await run(against: server.webSocketURL)
        await server.stop()
        #expect(record.summary.counters[example.counter] > 0)
        #expect(record.summary.counters[.agentsStarted] == 3)
        #expect(record.summary.counters[.agentsAnswered] == 0)
        guard case .failed = record.summary.outcome else {
            Issue.record("a run without an answer must fail, this one is \(record.summary.outcome)")
            return
        }
    }

    @Test("A port without a listener is counted as refused")
    func refusedConnection() async throws {
        let server = try ScriptedHTTPServer { _ in .ignores }
        let url = server.webSocketURL
        await server.stop()
        let record = try await run(against: url)
        #expect(record.summary.counters[.connectRefused] >= 3)
        #expect(record.summary.counters[.agentsUnanswered] == 3)
    }

    @Test("A server that refuses every agent ends a longer run after five seconds, with its status in the reason")
    func refusingServer() async throws {
        let server = try ScriptedHTTPServer { _ in
            .saysAndCloses(Array("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".utf8))
        }
        let record = try await run(against: server.webSocketURL, duration: .seconds(60))
        await server.stop()
        guard case .failed(let reason) = record.summary.outcome else {
            Issue.record("\(record.summary.outcome)")
            return
        }
        #expect(reason.contains("HTTP 404") && reason.contains("--wait"), "\(reason)")
        #expect(record.summary.duration < .seconds(30))
    }

    @Test("A name without an address ends the run before it begins, with the name in the message")
    func unknownHost() async throws {
        let error = await #expect(throws: RunError.self) {
            _ = try await run(against: "ws://no-such-host.invalid:4320/v1/opamp")
        }
        #expect(error?.description.contains("no-such-host.invalid") == true)
    }

    private func run(
        against url: String, duration: Nanoseconds = .milliseconds(1_500)
    ) async throws -> RunRecord {
        var profile = Profile.standard
        profile.agents = 3
        profile.duration = duration
        profile.drain = .milliseconds(500)
        profile.limits.connectTimeout = .milliseconds(500)
        profile.shards = 1
        profile.server = .url(try ServerURL(url))
        let run = try await FleetRun(profile)
        return await run.perform(as: .test) { _ in }
    }
}
