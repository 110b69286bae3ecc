import Basis
import ControlPlane
import Engine
import Foundation
import Hosting
import OpAMP
import TestSupport
import Testing
import Transport

/// The embedded server asked by curl.
@Suite("Interoperability with curl", .enabled(if: Curl.isAvailable, "there is no curl here"))
struct CurlTests {
    private static let uid: InstanceUID = {
        var random = SeededRandom(seed: 9)
        return InstanceUID(unixMilliseconds: 1_800_000_000_000, random: &random)
    }()

    private static let report: [UInt8] = {
        var report = AgentToServer(instanceUID: .uid(uid), sequenceNumber: 0)
        let long = KeyValue(key: "service.name", value: .string(String(repeating: "a", count: 4_000)))
        report.agentDescription = AgentDescription(identifyingAttributes: [long])
        var bytes: [UInt8] = []
        report.encode(appendingTo: &bytes)
        return bytes
    }()

    /// Asks a server that is like `wire`; gives what curl wrote.
    private static func ask(
        _ arguments: [String], body: [UInt8] = report, _ wire: ServerWire = ServerWire()
    ) async throws -> (status: Int, output: [UInt8], errors: String, counts: ServerCounts) {
        let server = try OpAMPServer(
            plan: ServerPlan(), address: .loopback(port: 0), wire: wire, shards: 1, seed: 1,
            wallClockAtZero: 1_800_000_000_000)
        let url = "http://\(server.addresses[0])/v1/opamp"
        let (output, errors) = try await Curl.run(
            [
                "-sS", "-H", "Content-Type: application/x-protobuf", "--data-binary", "@-", "-w",
                "%{stderr}status %{http_code} connects %{num_connects}\n",
            ]
                + arguments.map { $0 == "URL" ? url : $0 }, input: body)
        let counts = await server.stop()
        let status = errors.components(separatedBy: "status ").last.flatMap { Int($0.prefix(3)) } ?? 0
        return (status, output, errors, counts)
    }

    private static func gzip(_ bytes: [UInt8]) -> [UInt8] {
        var packed: [UInt8] = []
        ContentCoder().encode(bytes.span.bytes, as: .gzip, into: &packed)
        return packed
    }

    @Test(
        "A report is answered in every form that curl can send",
        arguments: [
            [], ["-H", "Transfer-Encoding: chunked"], ["-H", "Expect: 100-continue"], ["--compressed"], ["--http1.0"],
            ["-H", "Connection: close"],
        ])
    func report(options: [String]) async throws {
        let answer = try await Self.ask(options + ["URL"])
        #expect(answer.status == 200, "\(answer.errors)")
        #expect(try ServerToAgent(decoding: answer.output).instanceUID == .uid(Self.uid))
        #expect(answer.counts.fullReports == 1)
    }

    @Test("A gzip body is accepted, or refused with 415 without compression; a bomb is refused with 413")
    func compressed() async throws {
        let coding = ["-H", "Content-Encoding: gzip", "URL"]
        #expect(try await Self.ask(coding, body: Self.gzip(Self.report)).status == 200)
        var wire = ServerWire()
        wire.codings = []
        #expect(try await Self.ask(coding, body: Self.gzip(Self.report), wire).status == 415)
        wire = ServerWire()
        wire.largestMessage = 2_000
        let bomb = try await Self.ask(coding, body: Self.gzip(Self.report), wire)
        #expect(bomb.status == 413)
        #expect(bomb.counts.reports == 0)
    }

    @Test("Connections are kept between two requests, or closed if the server is configured so")
    func keepAlive() async throws {
        let twice = ["URL", "-o", "/dev/null", "URL", "-o", "/dev/null"]
        #expect(try await Self.ask(twice).counts.connectionsAccepted == 1)
        var wire = ServerWire()
        wire.closesAfterAnswer = true
        #expect(try await Self.ask(twice, wire).counts.connectionsAccepted == 2)
    }

    @Test("Credentials are wanted as curl shows them")
    func credentials() async throws {
        var wire = ServerWire()
        wire.credentials = ServerWire.Credentials(["t0ken", "fleet:pass"])
        #expect(try await Self.ask(["URL"], wire).status == 401)
        #expect(try await Self.ask(["-u", "fleet:wrong", "URL"], wire).status == 401)
        #expect(try await Self.ask(["-u", "fleet:pass", "URL"], wire).status == 200)
        #expect(try await Self.ask(["-H", "Authorization: Bearer t0ken", "URL"], wire).status == 200)
    }
}

/// The curl of this machine.
enum Curl {
    static let path = PeerProgram.path("curl")
    static var isAvailable: Bool { path != nil }

    /// Runs it with `input` on standard input; gives what it wrote to standard output and standard error.
    static func run(_ arguments: [String], input: [UInt8]) async throws -> (output: [UInt8], errors: String) {
        let end = try await PeerProgram.run(
            try #require(path), ["--max-time", "30"] + arguments, input: input, keepsErrorsApart: true,
            limit: .seconds(60))
        return (end.bytes, end.errors)
    }
}
