import Basis
import OpAMP
import Testing

@testable import ControlPlane

@Suite("Random bytes and histories")
struct FuzzTests {
    @Test(
        "Mutated reports are answered once each, and nothing is left behind when the connections are gone",
        arguments: 0..<4 as Range<UInt64>)
    func mutatedReports(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var plan = ServerPlan()
        plan.labels = ["service.version"]
        plan.retention = .encoded(limit: 10_000)
        plan.customCapabilities = [CustomCapability.pause]
        plan.issuesCertificates = true
        var server = Rehearsal(plan, seed: seed)
        var id = server.connect()
        var sent: UInt64 = 0
        for round in 0..<1_500 {
            var report = AgentToServer.full(.number(random.next() % 50), UInt64(round))
            report.customMessage = CustomMessage(
                capability: CustomCapability.pause, type: "status", data: [UInt8]("{}".utf8))
            report.customCapabilities = CustomCapabilities(capabilities: ["a.b"])
            var bytes = report.encoded()
            for _ in 0..<random.index(below: 6) {
                bytes[random.index(below: bytes.count)] = UInt8(truncatingIfNeeded: random.next())
            }
            if random.chance(0.2) { bytes.removeLast(random.index(below: bytes.count)) }
            let outcome = server.send(bytes: bytes, over: id)
            sent += 1
            #expect(outcome.sent.count == 1, "seed \(seed), round \(round)")
            if random.chance(0.01) {
                _ = server.close(id)
                id = server.connect()
            }
        }
        #expect(server.counts.reports == sent)
        _ = server.close(id)
        #expect(server.registry.renames.isEmpty)
        #expect(server.registry.queue.count == 0)
        #expect(server.registry.pool.byteCount <= 10_000)
        #expect(server.counts.agentsConnected == 0)
    }

    @Test("Names that were taken away are forgotten with their connection")
    func renamesEnd() {
        var server = Rehearsal()
        let first = server.connect()
        for number in 0..<100 { _ = server.send(.full(.number(UInt64(number)), 9), over: first) }
        for _ in 0..<5 {
            let second = server.connect()
            for number in 0..<100 { _ = server.send(.full(.number(UInt64(number)), 1), over: second) }
            #expect(server.registry.renames.values.map(\.count) == [100])
            _ = server.close(second)
            #expect(server.registry.renames.isEmpty)
        }
    }

    @Test("A fingerprint is of the bytes and their number, and nothing has the one of nothing")
    func fingerprints() {
        var seen: Set<Fingerprint> = []
        for count in 0..<200 {
            for fill in [0, 1, 255] as [UInt8] {
                let fingerprint = Fingerprint([UInt8](repeating: fill, count: count))
                if count == 0 { #expect(fingerprint == .nothing) } else { #expect(seen.insert(fingerprint).inserted) }
            }
        }
        for position in 0..<37 {
            var bytes = [UInt8](repeating: 7, count: 37)
            bytes[position] = 8
            #expect(seen.insert(Fingerprint(bytes)).inserted)
        }
    }
}
