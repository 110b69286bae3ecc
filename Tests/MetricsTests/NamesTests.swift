import AgentModel
import Testing

@testable import Metrics

@Suite("Names")
struct NamesTests {
    @Test("Names in files are unique and of one form")
    func namesAreStable() {
        let names = Counter.allCases.map(\.name) + Measure.allCases.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(Set(Counter.allCases.map(\.title)).count == Counter.allCases.count)
        for name in names + AgentState.allCases.map(\.key) {
            #expect(name.wholeMatch(of: /[a-z][a-z0-9_]*/) != nil, "\(name)")
        }
    }

    @Test("A counter and a measure have the place in their tables that they are declared at")
    func places() {
        #expect(Counter.allCases.map(\.index) == Array(Counter.allCases.indices))
        #expect(Measure.allCases.map(\.index) == Array(Measure.allCases.indices))
    }

    @Test("The name in files is that of the case, in snake case")
    func names() {
        #expect(Counter.upgradeRefused4xx.name == "upgrade_refused_4xx")
        #expect(Counter.tlsHandshakesResumed.name == "tls_handshakes_resumed")
        #expect(Measure.downloadPerMebibyte.name == "download_per_mebibyte")
        #expect(Counter.tlsWrongHost.title == "TLS: wrong host" && Counter.tlsWrongHost.family == .error(.server))
    }

    @Test("Titles fit their columns")
    func titlesFit() {
        for counter in Counter.allCases { #expect(counter.title.count <= 32, "\(counter.title)") }
        for measure in Measure.allCases { #expect(measure.title.count <= 20, "\(measure.title)") }
    }

    @Test(
        "A refused upgrade is counted by its status",
        arguments: [
            (301, Counter.upgradeRedirected), (401, .upgradeUnauthorized), (403, .upgradeForbidden),
            (404, .upgradeRefused4xx), (429, .upgradeThrottled), (500, .upgradeRefused5xx), (503, .upgradeThrottled),
            (200, .upgradeMalformed), (999, .upgradeMalformed),
        ])
    func upgradeRefusals(status: Int, counter: Counter) {
        #expect(Counter.forUpgradeRefusal(status: status) == counter)
    }

    @Test("Errors are the counters of the network, the server and the tool, and their sum")
    func errors() {
        var table = CounterTable()
        table[.reset] = 2
        table[.malformedFrame] = 3
        table[.outOfPorts] = 5
        table[.heartbeats] = 7
        table[.firstReports] = 1
        #expect(table.errors == 10)
        #expect(table.reportsSent == 8)
        #expect(table.sum(of: .error(.server)) == 3)
    }
}
