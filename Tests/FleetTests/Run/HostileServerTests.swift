import Basis
import Engine
import Metrics
import Testing
import Transport

@testable import Fleet

/// A short run of three agents against a server that misbehaves: it ends by itself, and what happened stands in the results by name.
@Suite("Hostile servers", .takingTurns)
struct HostileServerTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let script: ScriptedServer.Script
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
            name: "garbage instead of HTTP", script: .says(Array("this is no HTTP\r\n\r\n".utf8)),
            counter: .upgradeMalformed),
        Case(
            name: "404", script: .says(Array("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".utf8)),
            counter: .upgradeRefused4xx),
        Case(
            name: "500", script: .says(Array("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n".utf8)),
            counter: .upgradeRefused5xx),
        Case(
            name: "503 with Retry-After",
            script: .says(Array("HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n".utf8)),
            counter: .upgradeThrottled),
        Case(
            name: "401", script: .says(Array("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n".utf8)),
            counter: .upgradeUnauthorized),
        Case(
            name: "403", script: .says(Array("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n".utf8)),
            counter: .upgradeForbidden),
        Case(
            name: "426", script: .says(Array("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n".utf8)),
            counter: .upgradeRefused4xx),
        Case(
            name: "200 in place of 101", script: .says(Array("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".utf8)),
            counter: .upgradeMalformed),
        Case(
            name: "a permanent redirect",
            script: .says(Array("HTTP/1.1 308 Moved\r\nLocation: ws://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n".utf8)),
            counter: .upgradeRedirected),
        Case(
            name: "a compressed frame where nothing was agreed on",
            script: .upgradesAndSends([0xC2, 0x02, 0x02, 0x00]), counter: .malformedFrame),
        Case(
            name: "a redirect",
            script: .says(Array("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n".utf8)),
            counter: .upgradeRedirected),
        Case(
            name: "an upgrade with the wrong key",
            script: .saysAndStays(
                Array(
                    ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        + "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n").utf8)),
            counter: .upgradeMalformed),
        Case(
            name: "an endless head",
            script: .saysAndStays(Array("HTTP/1.1 101 \(String(repeating: "x", count: 100_000))".utf8)),
            counter: .upgradeMalformed),
        Case(name: "silence", script: .silent, counter: .upgradeTimedOut),
        Case(
            name: "a frame of 1 GiB", script: .upgradesAndSends([0x82, 127, 0, 0, 0, 0, 0x40, 0, 0, 0]),
            counter: .oversizedMessage),
        Case(name: "a reserved opcode", script: .upgradesAndSends([0x83, 0]), counter: .malformedFrame),
        Case(name: "a masked frame", script: .upgradesAndSends([0x82, 0x80, 1, 2, 3, 4]), counter: .malformedFrame),
        Case(
            name: "half a frame, then the end", script: .upgradesSendsAndCloses([0x82, 20, 0, 1]), counter: .peerClosed),
        Case(name: "a reset", script: .upgradesAndResets, counter: .reset),
        Case(name: "a text message", script: .upgradesAndSends(frame(.text, [0x30])), counter: .malformedAnswer),
        Case(name: "another message header", script: .upgradesAndSends(frame(.binary, [1])), counter: .malformedAnswer),
        Case(
            name: "broken protobuf", script: .upgradesAndSends(frame(.binary, [0, 0x0A, 200])),
            counter: .malformedAnswer),
    ]

    @Test("Every misbehaviour of a server is counted under its name, and the run ends", arguments: cases)
    func misbehaviourIsCounted(_ example: Case) async throws {
        let server = try ScriptedServer(example.script)
        let record = try await run(against: server.url)
        await server.stop()
        #expect(record.summary.counters[example.counter] > 0)
        #expect(record.summary.counters[.agentsStarted] == 3)
        #expect(record.summary.counters[.agentsAnswered] == 0)
        guard case .failed = record.summary.outcome else {
            Issue.record("a run without an answer must fail, this one is \(record.summary.outcome)")
            return
        }
    }

    @Test("A port where nobody listens is counted as refused")
    func refusedConnection() async throws {
        let server = try ScriptedServer(.silent)
        let url = server.url
        await server.stop()
        let record = try await run(against: url)
        #expect(record.summary.counters[.connectRefused] >= 3)
        #expect(record.summary.counters[.agentsFailed] == 3)
    }

    @Test("A server that refuses every agent ends a longer run after five seconds, with its status in the reason")
    func refusingServer() async throws {
        let server = try ScriptedServer(.says(Array("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".utf8)))
        let record = try await run(against: server.url, duration: .seconds(60))
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
