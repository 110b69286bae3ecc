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

/// Agents over plain HTTP against servers that behave, and that do not.
@Suite("Polling agents")
struct PollingTests {
    // MARK: - The form of a request

    @Test("A request is a POST of protobuf that names the agent, and its body is the agent's report")
    func requestForm() async throws {
        let server = try ScriptedHTTPServer { _ in .answer() }
        let fleet = try SmallFleet(1, polling: server.address)
        try await fleet.wait(until: "three answers") { $0[.answersReceived] >= 3 }
        await fleet.stop()
        await server.stop()
        for request in server.requests {
            #expect(request.head.method == .post)
            #expect(request.head.target == "/v1/opamp")
            #expect(request.head.fields.hasMediaType("application/x-protobuf"))
            let report = try AgentToServer(decoding: request.body)
            guard case .uid(let uid) = report.instanceUID else {
                Issue.record("a report without an instance uid")
                continue
            }
            #expect(request.head.fields["OpAMP-Instance-UID"] == "\(uid)")
        }
        let reports = try server.requests.map { try AgentToServer(decoding: $0.body) }
        #expect(reports.first?.agentDescription != nil)
        #expect(reports.map(\.sequenceNumber) == (0..<UInt64(reports.count)).map { $0 })
    }

    @Test("An agent has one request in flight, and sends its next report directly after the answer")
    func oneInFlight() async throws {
        let server = try ScriptedHTTPServer { _ in .acknowledges(after: .milliseconds(60)) }
        let fleet = try SmallFleet(2, polling: server.address) {
            $0.heartbeat = HeartbeatPlan(interval: .milliseconds(10), phase: .fromConnection)
        }
        try await fleet.wait(until: "twenty answers") { $0[.answersReceived] >= 20 }
        await fleet.stop()
        await server.stop()
        #expect(server.overlaps == 0)
        // Two agents over one connection each; a poll that waited for its interval instead would need no connection
        // held.
        #expect(server.connectionCount == 2)
        let uid = try #require(server.requests.first?.head.fields["OpAMP-Instance-UID"])
        let ofOne = server.requests.filter { $0.head.fields["OpAMP-Instance-UID"] == uid }
        #expect(ofOne.count >= 5)
    }

    @Test("Many agents share few connections in turn, and the wait is measured")
    func sharing() async throws {
        let server = try ScriptedHTTPServer { _ in .acknowledges(after: .milliseconds(5)) }
        let fleet = try SmallFleet(60, polling: server.address, plan: PollingPlan(connections: 3)) {
            $0.heartbeat = HeartbeatPlan(interval: .seconds(1), phase: .spread)
        }
        try await fleet.wait(until: "every agent's first answer, and thirty polls with theirs") {
            $0[.agentsAnswered] == 60 && $0[.heartbeats] >= 30 && $0[.messagesReceived] >= 90
        }
        #expect(fleet.counters.errors == 0)
        #expect(fleet.measures[Measure.poolWait.index].count >= 90)
        await fleet.stop()
        let requests = fleet.measures[Measure.httpRequest.index].count
        #expect(requests == fleet.counters[.messagesReceived] && requests >= 90)
        await server.stop()
        #expect(server.maxOpen <= 3)
        #expect(server.overlaps == 0)
    }

    @Test("An agent that leaves sends agent_disconnect before its connection ends")
    func agentDisconnect() async throws {
        let server = try ScriptedHTTPServer { _ in .answer() }
        let fleet = try SmallFleet(5, polling: server.address)
        try await fleet.wait(until: "first answers") { $0[.agentsAnswered] == 5 }
        fleet.drain()
        try await fleet.wait(until: "agent_disconnects") {
            $0[.agentDisconnects] == 5 && $0[.answersReceived] == $0.reportsSent
        }
        #expect(fleet.counters.errors == 0)
        let count = server.requests.count
        try await fleet.go(for: .milliseconds(300))
        await fleet.stop()
        await server.stop()
        #expect(server.requests.count == count)
        let reports = try server.requests.map { try AgentToServer(decoding: $0.body) }
        #expect(reports.count { $0.agentDisconnect != nil } == 5)
    }

    // MARK: - Connections that end

    @Test("A server that answers Connection: close gets a new connection for each poll, and that is no error")
    func connectionClose() async throws {
        let server = try ScriptedHTTPServer { _ in
            .saysAndCloses(Array("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".utf8))
        }
        let fleet = try SmallFleet(2, polling: server.address)
        try await fleet.wait(until: "ten answers") { $0[.answersReceived] >= 10 }
        #expect(fleet.counters[.keepAliveRefusals] >= 10)
        #expect(fleet.counters.errors == 0)
        await fleet.stop()
        await server.stop()
        #expect(server.connectionCount >= 10)
    }

    @Test("A response that ends with its connection is an answer like any other")
    func untilClose() async throws {
        let server = try ScriptedHTTPServer { _ in .saysAndCloses(Array("HTTP/1.1 200 OK\r\n\r\n".utf8)) }
        let fleet = try SmallFleet(1, polling: server.address)
        try await fleet.wait(until: "three answers") { $0[.answersReceived] >= 3 }
        #expect(fleet.counters.errors == 0)
        await fleet.stop()
        await server.stop()
    }

    @Test("A request that the server drops is lost: it may have been processed, so it is not sent again")
    func dropped() async throws {
        let server = try ScriptedHTTPServer { request in request.number % 3 == 2 ? .closes : .answer() }
        let fleet = try SmallFleet(1, polling: server.address, plan: PollingPlan(connections: 1)) {
            $0.reconnect = .fixed(.milliseconds(20))
            $0.honoursThrottling = true
        }
        try await fleet.wait(until: "four dropped requests") { $0[.answersLost] >= 4 }
        #expect(fleet.counters[.peerClosed] == fleet.counters[.answersLost])
        await fleet.stop()
        await server.stop()
        #expect(fleet.counters[.requestsRepeated] == 0)
        let requests = server.requests
        #expect(fleet.counters[.messagesSent] == UInt64(requests.count))
        let numbers = try requests.map { try AgentToServer(decoding: $0.body).sequenceNumber }
        #expect(numbers == numbers.indices.map { UInt64($0) })
    }

    @Test("A new connection that closes without an answer is an error, and the agent backs off")
    func unanswered() async throws {
        let server = try ScriptedHTTPServer { _ in .closes }
        let fleet = try SmallFleet(1, polling: server.address) {
            $0.reconnect = .longRandomDelay(minimum: .seconds(600), maximum: .seconds(600))
        }
        try await fleet.wait(until: "the failure") { $0[.peerClosed] >= 1 }
        try await fleet.go(for: .milliseconds(400))
        #expect(fleet.counters[.requestsRepeated] == 0)
        #expect(fleet.counters[.agentsAnswered] == 0)
        #expect(fleet.counters[.answersLost] == 1)
        #expect(fleet.counters.errors == 2)
        await fleet.stop()
        await server.stop()
        #expect(server.requests.count == 1)
    }

    @Test("An agent that ignores throttling continues to poll, but not faster than its interval")
    func deaf() async throws {
        let server = try ScriptedHTTPServer { request in
            request.number % 2 == 0 ? .closes : .status(503, "Connection: close\r\n")
        }
        let began = Shard.clock
        let fleet = try SmallFleet(1, polling: server.address) {
            $0.reconnect = .fixed(.milliseconds(10))
            $0.heartbeat.interval = .milliseconds(200)
        }
        try await fleet.wait(until: "refusals of both kinds") { $0[.peerClosed] >= 2 && $0[.requestThrottled] >= 2 }
        await fleet.stop()
        await server.stop()
        // Everything that was ever sent lies before this moment, so a slow machine only widens the bound.
        let intervals = Int((Shard.clock - began).seconds / 0.2)
        #expect(server.requests.count <= intervals + 2)
    }

    @Test("An idle connection that the server closes is left, and the next poll opens another without an error")
    func idleClose() async throws {
        let server = try ScriptedHTTPServer { _ in .acknowledgesThenCloses(after: .milliseconds(20)) }
        let fleet = try SmallFleet(1, polling: server.address) {
            $0.heartbeat = HeartbeatPlan(interval: .milliseconds(150), phase: .fromConnection)
        }
        try await fleet.wait(until: "five answers") { $0[.answersReceived] >= 5 }
        #expect(fleet.counters.errors == 0)
        await fleet.stop()
        await server.stop()
        #expect(server.connectionCount >= 5)
    }

    @Test("An unused connection is closed after the idle timeout")
    func idleTimeout() async throws {
        let server = try ScriptedHTTPServer { _ in .answer() }
        let plan = PollingPlan(connections: 1, idleTimeout: .milliseconds(30))
        let fleet = try SmallFleet(1, polling: server.address, plan: plan) {
            $0.heartbeat = HeartbeatPlan(interval: .milliseconds(200), phase: .fromConnection)
        }
        try await fleet.wait(until: "three connections closed") { $0[.connectionsClosed] >= 3 }
        #expect(fleet.counters.errors == 0)
        await fleet.stop()
        await server.stop()
    }

    // MARK: - Refusals

    @Test(
        "A throttling server is polled again after the time of Retry-After",
        arguments: [429, 503])
    func throttled(status: Int) async throws {
        let server = try ScriptedHTTPServer { request in
            request.number == 0 ? .status(status, "Retry-After: 1\r\n") : .answer()
        }
        let fleet = try SmallFleet(1, polling: server.address)
        try await fleet.wait(until: "an answer") { $0[.answersReceived] >= 1 }
        #expect(fleet.counters[.requestThrottled] == 1)
        #expect(fleet.counters.errors == 1)
        #expect(fleet.counters[.agentDisconnects] == 0)
        await fleet.stop()
        await server.stop()
        let requests = server.requests
        #expect(requests[1].at - requests[0].at >= .seconds(1))
        // What was refused is reported again.
        #expect(try AgentToServer(decoding: requests[1].body).agentDescription != nil)
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let status: Int
        let counter: Counter
        /// Whether the agent backs off instead of continuing with its next poll.
        let backsOff: Bool
        var testDescription: String { "\(status)" }
    }

    @Test(
        "A refusal is counted by its status, and its request is not sent again",
        arguments: [
            Refusal(status: 302, counter: .requestRedirected, backsOff: true),
            Refusal(status: 401, counter: .requestUnauthorized, backsOff: true),
            Refusal(status: 403, counter: .requestForbidden, backsOff: true),
            Refusal(status: 404, counter: .requestRefused4xx, backsOff: false),
            Refusal(status: 413, counter: .requestTooLarge, backsOff: false),
            Refusal(status: 500, counter: .requestRefused5xx, backsOff: true),
            Refusal(status: 300, counter: .requestRedirected, backsOff: true),
            Refusal(status: 301, counter: .requestRedirected, backsOff: true),
            Refusal(status: 303, counter: .requestRedirected, backsOff: true),
            Refusal(status: 307, counter: .requestRedirected, backsOff: true),
            Refusal(status: 308, counter: .requestRedirected, backsOff: true),
            Refusal(status: 400, counter: .requestRefused4xx, backsOff: false),
            Refusal(status: 405, counter: .requestRefused4xx, backsOff: false),
            Refusal(status: 408, counter: .requestRefused4xx, backsOff: true),
            Refusal(status: 410, counter: .requestRefused4xx, backsOff: false),
            Refusal(status: 415, counter: .requestRefused4xx, backsOff: false),
            Refusal(status: 421, counter: .requestRefused4xx, backsOff: false),
            Refusal(status: 431, counter: .requestRefused4xx, backsOff: false),
            Refusal(status: 501, counter: .requestRefused5xx, backsOff: true),
            Refusal(status: 502, counter: .requestRefused5xx, backsOff: true),
            Refusal(status: 504, counter: .requestRefused5xx, backsOff: true),
            Refusal(status: 599, counter: .requestRefused5xx, backsOff: true),
        ])
    func refused(_ refusal: Refusal) async throws {
        let server = try ScriptedHTTPServer { _ in .status(refusal.status) }
        let fleet = try SmallFleet(1, polling: server.address) {
            $0.reconnect = .longRandomDelay(minimum: .seconds(600), maximum: .seconds(600))
        }
        try await fleet.wait(until: "the refusal") { $0[refusal.counter] >= 1 }
        if refusal.backsOff {
            try await fleet.go(for: .milliseconds(400))
            #expect(server.requests.count == 1)
        } else {
            try await fleet.wait(until: "the next polls") { $0[refusal.counter] >= 3 }
            // The next poll is a poll: what was refused is not repeated.
            #expect(try AgentToServer(decoding: server.requests[1].body).agentDescription == nil)
        }
        #expect(fleet.counters[.agentsAnswered] == 0)
        #expect(fleet.counters[.answersReceived] == 0)
        #expect(fleet.counters.errors == fleet.counters[refusal.counter])
        await fleet.stop()
        await server.stop()
    }

    // MARK: - Waits and limits

    @Test("With a server that never answers, the report counts as unanswered and the session as lost")
    func silence() async throws {
        let server = try ScriptedHTTPServer { _ in .ignores }
        let fleet = try SmallFleet(1, polling: server.address) {
            $0.answerTimeout = .milliseconds(200)
            $0.heartbeat.interval = .seconds(10)
        }
        try await fleet.wait(until: "an unanswered report") { $0[.unanswered] >= 1 }
        try await fleet.wait(until: "another session") { $0[.reconnects] >= 1 }
        await fleet.stop()
        await server.stop()
    }

    @Test("If no connection becomes free in time, the request is dropped and counted as an error of the tool")
    func acquireTimeout() async throws {
        let server = try ScriptedHTTPServer { _ in .ignores }
        let plan = PollingPlan(connections: 1, acquireTimeout: .milliseconds(100))
        let fleet = try SmallFleet(3, polling: server.address, plan: plan)
        try await fleet.wait(until: "two agents without a connection") { $0[.poolTimeouts] >= 2 }
        await fleet.stop()
        await server.stop()
        #expect(server.maxOpen == 1)
    }

    @Test("A port without a listener is counted as refused, at the rate of the reconnect policy")
    func nobodyListens() async throws {
        let server = try ScriptedHTTPServer { _ in .answer() }
        let address = server.address
        await server.stop()
        let fleet = try SmallFleet(3, polling: address)
        try await fleet.wait(until: "refused connections") { $0[.connectRefused] >= 3 }
        #expect(fleet.counters[.agentsConnected] == 0)
        #expect(fleet.counters[.connectRefused] < 50)
        await fleet.stop()
    }

    @Test("After its connection was cut, every agent connects again")
    func storm() async throws {
        let server = try ScriptedHTTPServer { _ in .acknowledges(after: .milliseconds(30)) }
        let fleet = try SmallFleet(4, polling: server.address)
        try await fleet.wait(until: "first answers") { $0[.agentsAnswered] == 4 }
        fleet.dropConnections()
        try await fleet.wait(until: "new sessions") { $0[.reconnects] == 4 && $0[.answersReceived] >= 12 }
        #expect(fleet.counters.errors == 0)
        await fleet.stop()
        await server.stop()
    }

    @Test("If the queue for a connection is full, the next request is dropped at once")
    func queueLimit() async throws {
        let server = try ScriptedHTTPServer { _ in .ignores }
        let plan = PollingPlan(connections: 1, queueLimit: 2)
        let fleet = try SmallFleet(5, polling: server.address, plan: plan) {
            $0.reconnect = .longRandomDelay(minimum: .seconds(60), maximum: .seconds(60))
        }
        try await fleet.wait(until: "two agents too many") { $0[.poolTimeouts] >= 2 }
        await fleet.stop()
        await server.stop()
    }

    @Test("A connection above the age limit is replaced by a new one, between two requests")
    func maximumAge() async throws {
        let server = try ScriptedHTTPServer { _ in .answer() }
        let plan = PollingPlan(connections: 1, liveness: .milliseconds(150))
        let fleet = try SmallFleet(2, polling: server.address, plan: plan)
        try await fleet.wait(until: "three connections, one after the other") { $0[.connectionsOpened] >= 3 }
        #expect(fleet.counters.errors == 0)
        #expect(fleet.counters[.requestsRepeated] == 0)
        await fleet.stop()
        await server.stop()
        #expect(server.maxOpen <= 2)
    }

    @Test("An agent without heartbeats also polls")
    func withoutHeartbeats() async throws {
        let server = try ScriptedHTTPServer { _ in .answer() }
        let fleet = try SmallFleet(2, polling: server.address) {
            $0.capabilities.remove(.reportsHeartbeat)
            $0.pollingInterval = .milliseconds(50)
        }
        try await fleet.wait(until: "polls") { $0[.answersReceived] >= 10 }
        #expect(fleet.counters.errors == 0)
        await fleet.stop()
        await server.stop()
    }

    @Test("Every agent that was connected has sent agent_disconnect by the end, or is counted as one that could not")
    func unsentAgentDisconnects() async throws {
        // The first answers come; from then on nobody is answered, and one connection has to do for all.
        let server = try ScriptedHTTPServer { request in request.number < 6 ? .answer() : .ignores }
        let fleet = try SmallFleet(6, polling: server.address, plan: PollingPlan(connections: 1)) {
            $0.heartbeat = HeartbeatPlan(interval: .seconds(60), phase: .fromConnection)
            $0.closeTimeout = .milliseconds(300)
        }
        try await fleet.wait(until: "first answers") { $0[.agentsAnswered] == 6 }
        fleet.drain()
        try await fleet.wait(until: "all agent_disconnects, said or not") {
            $0[.agentDisconnects] + $0[.agentDisconnectsUnsent] == 6
        }
        #expect(fleet.counters[.agentDisconnectsUnsent] == 5)
        await fleet.stop()
        await server.stop()
    }

    // MARK: - Compression

    @Test("Request bodies are compressed if the plan says so and it saves bytes")
    func compressed() async throws {
        let server = try ScriptedHTTPServer { _ in .answer() }
        let fleet = try SmallFleet(1, polling: server.address, compression: WireCompression(requests: .gzip))
        try await fleet.wait(until: "answers") { $0[.answersReceived] >= 3 }
        await fleet.stop()
        await server.stop()
        let first = try #require(server.requests.first)
        #expect(first.head.fields["Content-Encoding"] == "gzip")
        var plain: [UInt8] = []
        try ContentCoder().decode(first.body.span.bytes, as: .gzip, limit: 1 << 20, into: &plain)
        #expect(try AgentToServer(decoding: plain).agentDescription != nil)
        #expect(first.body.count < plain.count)
        // A heartbeat is too short to gain from it.
        #expect(server.requests[1].head.fields["Content-Encoding"] == nil)
    }
}
