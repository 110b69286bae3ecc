import Basis
import Metrics
import Testing

@testable import Fleet

@Suite("A server that cannot be reached")
struct ReachabilityTests {
    private static let endpoint = "ws://10.0.0.7:4320/v1/opamp"

    private static func table(_ counts: [(Counter, UInt64)]) -> CounterTable {
        var table = CounterTable()
        for (counter, count) in counts { table[counter] = count }
        return table
    }

    private static func named(_ names: [String]) -> NamedCounters {
        var counters = NamedCounters()
        for name in names { counters.count(name) }
        return counters
    }

    /// What is said after each second of a run in which nothing but these counts happen.
    private static func steps(
        _ counts: [(Counter, UInt64)], named names: [String] = [], polling: Bool = false, waits: Bool = false,
        seconds: Int64 = 12
    ) -> [Reachability.Step] {
        var reachability = Reachability(endpoint: endpoint, isPolling: polling, waits: waits, start: .zero)
        return (1...seconds).map {
            reachability.judge(table(counts), named(names), at: .zero + .seconds($0))
        }
    }

    @Test(
        "Each cause is reported in the first second, and ends the run after five seconds with a remedy",
        arguments: [
            (Counter.connectRefused, [String](), "nothing listens at", "start the server"),
            (.connectTimedOut, [], "does not answer connection requests", "firewalls"),
            (.connectUnreachable, [], "no route", "network"), (.dnsFailure, [], "cannot be resolved", "name"),
            (.peerClosed, [], "closes connections", "wss://"), (.proxyUnauthorized, [], "(407)", "--proxy"),
            (.upgradeRefused4xx, ["http_status_404"], "refuses agents with HTTP 404", "path"),
            (.upgradeUnauthorized, ["http_status_401"], "HTTP 401", "--token-file"),
            (.requestRefused5xx, ["http_status_500"], "HTTP 500", "check the server"),
            (.upgradeTimedOut, [], "does not answer the WebSocket upgrade", "check"),
            (.upgradeMalformed, [], "does not answer as an OpAMP server", "check"),
            (.tlsUnknownAuthority, [], "TLS with", "--tls-ca"), (.tlsWrongHost, [], "TLS with", "--tls-server-name"),
            (.tlsClientRefused, [], "TLS with", "--tls-cert"), (.tlsPeerNotTls, [], "TLS with", "ws://"),
        ])
    func causes(counter: Counter, names: [String], words: String, remedy: String) {
        let steps = Self.steps([(counter, 20), (.answersLost, 40)], named: names)
        guard case .tell(let told) = steps[0], case .giveUp(let reason) = steps[4] else {
            Issue.record("\(steps)")
            return
        }
        #expect(told.contains(words) && told.contains("--wait to continue") && told.contains("10.0.0.7"), "\(told)")
        #expect(reason.contains(words) && reason.contains(remedy) && reason.contains("--wait"), "\(reason)")
        #expect(steps[1...3].allSatisfy { $0 == .goOn } && steps[5...].allSatisfy { $0 == .goOn })
    }

    @Test("Every error of a connection has words and a remedy", arguments: Counter.errors)
    func words(counter: Counter) {
        guard let problem = ConnectProblem.prevailing(in: Self.table([(counter, 1)]), NamedCounters()) else { return }
        #expect(problem.words(Self.endpoint).contains(Self.endpoint) && !problem.remedy.isEmpty)
    }

    @Test(
        "A server that serves one agent, or tells agents to come later, is reachable whatever else happens",
        arguments: [Counter.connectionsOpened, .answersReceived, .throttled, .upgradeThrottled])
    func reachable(counter: Counter) {
        #expect(Self.steps([(counter, 1), (.connectRefused, 500)]).allSatisfy { $0 == .goOn })
    }

    @Test("For polling agents a connection without an answer does not count as connected")
    func polling() {
        let steps = Self.steps([(.connectionsOpened, 9), (.requestRefused4xx, 9)], polling: true)
        guard case .giveUp = steps[4] else {
            Issue.record("\(steps)")
            return
        }
        #expect(Self.steps([(.requestThrottled, 9)], polling: true).allSatisfy { $0 == .goOn })
    }

    @Test("With --wait the run continues and reports the problem once")
    func waiting() {
        let steps = Self.steps([(.connectRefused, 9)], waits: true)
        #expect(steps[0] == .tell("nothing listens at \(Self.endpoint); waiting (--wait)"))
        #expect(steps[1...].allSatisfy { $0 == .goOn })
    }

    @Test("A silent server is reported after five seconds, and the run continues until a timeout shows the cause")
    func silence() {
        let steps = Self.steps([(.agentsStarted, 9)])
        guard case .tell(let told) = steps[4] else {
            Issue.record("\(steps)")
            return
        }
        #expect(told.contains("has not answered yet"))
        #expect(steps.enumerated().allSatisfy { $0.offset == 4 || $0.element == .goOn })
    }

    @Test("A run against the embedded server is never ended as unreachable")
    func embedded() {
        var known = Reachability.known
        #expect(known.judge(Self.table([(.connectRefused, 9)]), NamedCounters(), at: .zero + .seconds(60)) == .goOn)
    }
}
