import AgentModel
import Basis
import ControlPlane
import Engine
import Hosting
import Metrics
import OpAMP
import TestSupport
import Testing
import Transport

/// Responses that are not valid answers.
extension PollingTests {
    struct Broken: Sendable, CustomTestStringConvertible {
        let name: String
        let reaction: HTTPReaction
        let counter: Counter
        var testDescription: String { name }
    }

    @Test(
        "Each kind of invalid answer is counted under its name",
        arguments: [
            Broken(name: "no HTTP", reaction: .says(Array("hello\r\n\r\n".utf8)), counter: .responseMalformed),
            Broken(
                name: "two lengths", counter: .responseMalformed,
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
            Broken(
                name: "a bad chunk", counter: .responseMalformed,
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
            Broken(
                name: "no gzip", reaction: .answer([1, 2, 3], "Content-Encoding: gzip\r\n"),
                counter: .responseMalformed),
            Broken(
                name: "an unknown coding", reaction: .answer([1], "Content-Encoding: br\r\n"),
                counter: .responseMalformed),
            Broken(
                name: "more than agents take", reaction: .answer([UInt8](repeating: 0, count: 1 << 17)),
                counter: .oversizedMessage),
            Broken(name: "a bomb", reaction: .answer(bomb, "Content-Encoding: gzip\r\n"), counter: .decompressionBomb),
            Broken(name: "broken protobuf", reaction: .answer([0x0A, 200]), counter: .malformedAnswer),
            Broken(
                name: "half a body",
                reaction: .saysAndCloses(Array("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab".utf8)),
                counter: .peerClosed),
            Broken(name: "a reset", reaction: .resets, counter: .reset),
            Broken(name: "an upgrade without a request", counter: .responseMalformed, "HTTP/1.1 101 Why\r\n\r\n"),
            Broken(
                name: "201 and no answer", counter: .responseMalformed,
                "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"),
            Broken(
                name: "a part of something",
                counter: .responseMalformed, "HTTP/1.1 206 Partial Content\r\nContent-Length: 0\r\n\r\n"),
            Broken(
                name: "a length and chunks", counter: .responseMalformed,
                "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            Broken(
                name: "a head that begins with a continued line", counter: .responseMalformed,
                "HTTP/1.1 200 OK\r\n X-A: b\r\nContent-Length: 0\r\n\r\n"),
            Broken(
                name: "a head without end", counter: .responseMalformed,
                "HTTP/1.1 200 OK\r\n"
                    + String(repeating: "X-A: \(String(repeating: "b", count: 1_000))\r\n", count: 100)),
            Broken(
                name: "more fields than anybody reads", counter: .responseMalformed,
                "HTTP/1.1 200 OK\r\n" + String(repeating: "A: b\r\n", count: 2_000)),
            Broken(
                name: "another version", counter: .responseMalformed, "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"),
            Broken(
                name: "informational responses without end", counter: .responseMalformed,
                String(repeating: "HTTP/1.1 103 Early Hints\r\n\r\n", count: 200)),
            Broken(
                name: "half a chunk",
                reaction: .saysAndCloses(
                    Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nab".utf8)), counter: .peerClosed),
            Broken(
                name: "chunks without their end",
                reaction: .saysAndCloses(
                    Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n".utf8)), counter: .peerClosed
            ),
            Broken(
                name: "half a gzip", reaction: .answer(Array(small.dropLast(9)), "Content-Encoding: gzip\r\n"),
                counter: .responseMalformed),
            Broken(
                name: "gzip within gzip", reaction: .answer([1], "Content-Encoding: gzip, gzip\r\n"),
                counter: .responseMalformed),
            Broken(name: "no content", counter: .responseMalformed, "HTTP/1.1 204 No Content\r\n\r\n"),
        ])
    func broken(_ example: Broken) async throws {
        let server = try ScriptedHTTPServer { _ in example.reaction }
        var limits = WebSocketLimits()
        limits.messageBytes = 1 << 16
        let fleet = try SmallFleet(1, polling: server.address, limits: limits)
        try await fleet.wait(until: example.name) { $0[example.counter] >= 1 }
        #expect(fleet.counters[.agentsAnswered] == 0)
        await fleet.stop()
        await server.stop()
    }

    private static let small: [UInt8] = {
        var bytes: [UInt8] = []
        ContentCoder().encode([UInt8](repeating: 7, count: 100).span.bytes, as: .gzip, into: &bytes)
        return bytes
    }()

    /// One MiB of zeros.
    private static let bomb: [UInt8] = {
        var bytes: [UInt8] = []
        let zeros = [UInt8](repeating: 0, count: 1 << 20)
        ContentCoder().encode(zeros.span.bytes, as: .gzip, into: &bytes)
        return bytes
    }()
}

extension PollingTests.Broken {
    init(name: String, counter: Counter, _ response: String) {
        self.init(name: name, reaction: .says(Array(response.utf8)), counter: counter)
    }
}
