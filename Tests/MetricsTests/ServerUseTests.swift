import Basis
import Testing

@testable import Metrics

@Suite("The server beside the run")
struct ServerUseTests {
    static func sample(_ cpu: Int64?, _ bytes: UInt64 = 0, _ scraped: [Double?] = []) -> ServerSample {
        ServerSample(
            cpu: cpu.map { .milliseconds($0) }, residentBytes: bytes, threads: 4, descriptors: 9, scraped: scraped)
    }

    @Test(
        "Processor time is a difference; a server that begins again counts from zero; one that is gone counts nothing")
    func cpu() {
        var use = ServerUse(source: .process(pid: 1, name: "s"))
        let used = [1_000, 1_200, nil, 100, 150].map { use.add(Self.sample($0, 5)).cpu?.count }
        #expect(used == [0, 200_000_000, nil, 0, 50_000_000])
        #expect(use.cpu == .milliseconds(250))
        var other = ServerUse(source: .process(pid: 1, name: "s"))
        _ = other.add(Self.sample(1_000))
        #expect(other.add(Self.sample(40)).cpu == .milliseconds(40))
    }

    @Test("CPU a message and memory an agent are of the server, and missing where nothing is known")
    func figures() {
        var counters = CounterTable()
        var use = ServerUse(source: .process(pid: 1, name: "s"))
        #expect(use.cpuPerMessage(counters) == nil && use.bytesPerAgent(counters) == nil)
        for (cpu, bytes) in [(0, 1_000_000), (10, 4_000_000), (30, 3_000_000)] as [(Int64, UInt64)] {
            _ = use.add(Self.sample(cpu, bytes))
        }
        counters.count(.messagesSent, 2_000)
        counters.count(.messagesReceived, 1_000)
        counters.count(.agentsConnected, 100)
        #expect(use.cpuPerMessage(counters) == .microseconds(10))
        #expect(use.bytesPerAgent(counters) == 30_000)
    }

    @Test("A value that is missing once does not lose the others")
    func scraped() throws {
        var use = ServerUse(source: .scraped, names: ["a", "b", "c"])
        for values in [[1, nil, nil], [nil, 5, nil], [3, 4, nil]] as [[Double?]] {
            _ = use.add(Self.sample(nil, 0, values))
        }
        let a = try #require(use.scraped[0])
        #expect((a.first, a.last, a.max) == (1, 3, 3) && a.samples == 2)
        #expect(use.scraped[1]?.min == 4 && use.scraped[2] == nil)
    }

    static let page = """
        # HELP up Whether.
        # TYPE up gauge
        up 1
        requests_total{code="200", path="/a b"} 10 1700000000000
        requests_total{code="500",path="}\\"{"} 2
        bad_total oops
        not_a_number NaN
        inf +Inf
        mixed{a="1"} 1
        mixed{a="2"} broken
        huge{a="1"} 1e308
        huge{a="2"} 1e308
        torn{a="1
        exp 1.5e3
        """

    @Test(
        "Values are read by name or by name and labels; one bad value never loses the rest",
        arguments: [
            ("up", 1), ("requests_total", 12), (#"requests_total{code="200",path="/a b"}"#, 10),
            (#"requests_total{code="500",path="}\"{"}"#, 2), ("bad_total", nil), ("not_a_number", nil), ("inf", nil),
            ("mixed", nil), (#"mixed{a="1"}"#, 1), ("huge", nil), (#"huge{a="2"}"#, 1e308),
            ("torn", nil), ("exp", 1500), ("missing", nil), ("", nil),
        ] as [(String, Double?)])
    func reading(name: String, value: Double?) {
        let values = PrometheusReading.values(of: ["up", name, "exp"], in: Self.page)
        #expect(values == [1, value, 1500])
    }
}
