import AgentModel
import Basis
import Hosting
import Metrics
import OpAMP
import TestSupport
import Testing

/// What becomes of the polls of agents over plain HTTP.
extension PollingTests {
    @Test(
        "A web page is no answer, even where its body is empty",
        arguments: ["text/html", "text/html; charset=utf-8", "application/json"])
    func anotherMediaType(type: String) async throws {
        let server = try ScriptedHTTPServer { _ in
            .says(Array("HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\nContent-Length: 0\r\n\r\n".utf8))
        }
        let fleet = try SmallFleet(2, polling: server.address)
        try await fleet.wait(until: "refusals") { $0[.responseMalformed] >= 2 }
        await fleet.stop()
        await server.stop()
        #expect(fleet.counters[.answersReceived] == 0)
        #expect(fleet.counters[.agentsAnswered] == 0)
        #expect(fleet.named["response_of_another_media_type"] >= 2)
    }

    @Test("A report that the server has not received gives its number to the next one", arguments: [429, 503, 500])
    func numbersOfRefused(status: Int) async throws {
        let server = try ScriptedHTTPServer { request in
            request.number % 3 == 2 ? .status(status, "Retry-After: 0\r\n") : .answer()
        }
        let fleet = try SmallFleet(1, polling: server.address)
        try await fleet.wait(until: "three refusals", timeout: .seconds(90)) { $0[.reportsRefused] >= 3 }
        await fleet.stop()
        await server.stop()
        let numbers = try server.requests.enumerated().filter { $0.offset % 3 != 2 }.map {
            try AgentToServer(decoding: $0.element.body).sequenceNumber
        }
        #expect(numbers == numbers.indices.map { UInt64($0) })
    }

    @Test("Agents that wait for each other's connections miss polls, and the pool is named as the reason")
    func smallPool() async throws {
        let server = try ScriptedHTTPServer { _ in .acknowledges(after: .milliseconds(150)) }
        let fleet = try SmallFleet(8, polling: server.address, plan: PollingPlan(connections: 1))
        try await fleet.wait(until: "some answers") { $0[.answersReceived] >= 5 }
        await fleet.stop()
        await server.stop()
        #expect(fleet.counters[.pollsWithoutConnection] > 0)
        #expect(fleet.counters[.heartbeatsNotPossible] >= fleet.counters[.pollsWithoutConnection])
    }
}
