import Basis
import Testing

@testable import Engine

@Suite("Capacity")
struct CapacityTests {
    private static func facts(
        soft: Int = 20_000, hard: Int = 20_000, sources: Int = 1, destinations: Int = 1, serverInProcess: Bool = false
    ) -> CapacityFacts {
        CapacityFacts(
            fileLimits: FileLimits(soft: soft, hard: hard), ephemeralPorts: 32_768...60_999, listenBacklog: 4096,
            sourceAddresses: sources, destinations: destinations, serverInProcess: serverInProcess)
    }

    @Test("19,000 agents fit into 20,000 descriptors and one source address")
    func fits() {
        let plan = Capacity.plan(agents: 19_000, facts: Self.facts())
        #expect(plan.fits == 19_000)
        #expect(plan.isEnough)
        #expect(plan.remedy == nil)
        #expect(plan.listenBacklog == 4096)
    }

    @Test(
        "Descriptors: a reserve is kept, and an embedded server needs a second one for each agent",
        arguments: [
            (false, 19_800), (true, 9_900),
        ])
    func descriptors(serverInProcess: Bool, expected: Int) {
        let plan = Capacity.plan(agents: 25_000, facts: Self.facts(serverInProcess: serverInProcess))
        #expect(plan.fits == expected)
        #expect(plan.limits == [.descriptors(softOnly: false)])
        #expect(plan.remedy?.contains("hard limit") == true)
    }

    @Test("A soft limit below the hard one is named, with the command that lifts it")
    func softLimit() {
        let plan = Capacity.plan(agents: 5_000, facts: Self.facts(soft: 1024))
        #expect(plan.fits == 824)
        #expect(plan.limits == [.descriptors(softOnly: true)])
        #expect(plan.remedy?.contains("ulimit -n") == true)
    }

    @Test(
        "Ports multiply with source addresses and destinations",
        arguments: [
            (1, 1, 26_468), (4, 1, 105_872), (2, 3, 158_808),
        ])
    func ports(sources: Int, destinations: Int, expected: Int) {
        let facts = Self.facts(soft: 1_000_000, hard: 1_000_000, sources: sources, destinations: destinations)
        let plan = Capacity.plan(agents: 500_000, facts: facts)
        #expect(plan.fits == expected)
        #expect(plan.limits == [.ports])
        #expect(plan.remedy?.contains("\(plan.sourceAddressesNeeded) source addresses") == true)
        var enough = facts
        enough.sourceAddresses = plan.sourceAddressesNeeded
        #expect(Capacity.plan(agents: 500_000, facts: enough).isEnough)
    }

    @Test("The tightest limit comes first")
    func tightestFirst() {
        let plan = Capacity.plan(agents: 100_000, facts: Self.facts())
        #expect(plan.limits == [.descriptors(softOnly: false), .ports])
        #expect(plan.fits == 19_800)
    }

    @Test("Absurd inputs give an answer: nothing fits", arguments: [0, 100, 200])
    func tiny(soft: Int) {
        let plan = Capacity.plan(agents: 10, facts: Self.facts(soft: soft, hard: soft))
        #expect(plan.fits == 0)
        #expect(!plan.isEnough)
    }

    @Test("This machine's facts make sense, and raising the limit reaches the hard one")
    func machine() {
        let limits = FileLimits.raise()
        #expect(limits.soft == limits.hard)
        let facts = CapacityFacts.current()
        #expect(facts.ephemeralPorts.count > 1000)
        #expect(facts.listenBacklog >= 128)
        let figures = ProcessFigures.current()
        #expect(figures.residentBytes > 1 << 20)
        #expect(figures.allocatedBytes > 1 << 10)
        #expect(figures.openDescriptors >= 3)
        #expect(figures.cpuTime > .zero)
    }
}
