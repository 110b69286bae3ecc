import Testing

@testable import Metrics

@Suite("Reconciliation")
struct ReconciliationTests {
    static var counters: CounterTable {
        var counters = CounterTable()
        counters[.agentsStarted] = 100
        counters[.agentsConnected] = 97
        counters[.agentsAnswered] = 96
        counters[.connectionsOpened] = 110
        counters[.firstReports] = 110
        counters[.heartbeats] = 500
        counters[.answersReceived] = 605
        return counters
    }

    @Test("Equal counts agree; a count that the server does not report is no difference")
    func agreement() {
        let full = ServerSideCounts(connectionsAccepted: 110, agentsSeen: 97, reportsReceived: 610, answersSent: 605)
        #expect(Reconciliation(Self.counters, server: full).agrees)
        let partial = Reconciliation(Self.counters, server: ServerSideCounts(reportsReceived: 610))
        #expect(partial.agrees && partial.isServerKnown)
        #expect(partial.lines.filter { $0.server != nil }.map(\.what) == ["reports sent"])
        let unknown = Reconciliation(Self.counters, server: nil)
        #expect(unknown.agrees && !unknown.isServerKnown)
        #expect(unknown.lines.first { $0.what == "agents never connected" }?.tool == 3)
    }

    @Test(
        "A connection without a request is an agent's only as far as the tool has opened it",
        arguments: [(110, 5, 110), (112, 3, 110), (113, 2, 111), (108, 5, 108)] as [(UInt64, UInt64, UInt64)])
    func unusedConnections(accepted: UInt64, unused: UInt64, counted: UInt64) throws {
        let server = ServerSideCounts(connectionsAccepted: accepted, connectionsUnused: unused)
        let lines = Reconciliation(Self.counters, server: server).lines
        let line = try #require(lines.first { $0.what == "connections opened" })
        #expect(line.tool == 110 && line.server == counted)
    }

    @Test("Every difference is flagged with its sign, and with a reason only where counts of the run show one")
    func differences() {
        let server = ServerSideCounts(connectionsAccepted: 112, agentsSeen: 97, reportsReceived: 608, answersSent: 608)
        let unknown = Reconciliation(Self.counters, server: server)
        #expect(unknown.lines.allSatisfy { $0.remark == nil })
        var counters = Self.counters
        counters[.upgradeClosed] = 2
        counters[.answersLost] = 3
        counters[.reportsCut] = 2
        let reconciliation = Reconciliation(counters, server: server)
        #expect(!reconciliation.agrees)
        let differing = reconciliation.lines.filter { !$0.agrees }
        #expect(differing.map(\.what) == ["connections opened", "reports sent", "answers received"])
        #expect(differing.map(\.difference) == [2, -2, 3])
        #expect(
            differing.map(\.remark) == [
                "2 upgrades whose answer was not received",
                "of the reports sent 3 lost with their connections, 2 cut have no answer",
                "of the reports sent 3 lost with their connections, 2 cut have no answer",
            ])
    }

    @Test(
        "A difference that faults of the profile bring about is put down to them",
        arguments: [(107, "fault_forgetsInstanceUID"), (90, "fault_isClone"), (90, "fault_reusesInstanceUID")])
    func faults(seen: UInt64, fault: String) throws {
        func remark(_ named: NamedCounters) throws -> String? {
            let reconciliation = Reconciliation(
                Self.counters, named: named, server: ServerSideCounts(agentsSeen: seen))
            let line = try #require(reconciliation.lines.first { $0.what == "agents connected" })
            #expect(!line.agrees)
            return line.remark
        }
        var named = NamedCounters()
        named.count("fault_chats", 5)
        #expect(try remark(named) == nil)
        named.count(fault, 10)
        #expect(try remark(named)?.contains("an injected fault") == true)
    }
}
