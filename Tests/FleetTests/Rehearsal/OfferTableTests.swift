import Basis
import ControlPlane
import OpAMP
import OrderedCollections
import Rollout
import Schema
import Testing

@testable import Fleet

@Suite("The offers of a rehearsal on real sockets")
struct OfferTableTests {
    private static let layered = """
        layers:
          - {name: base, files: {a.yaml: "one"}}
          - {name: north, where: {zone: [north]}, files: {b.yaml: "north"}}
          - {name: gateways, where: {role: [gateway]}, without: [a.yaml]}
        change: {layer: {name: north, files: {b.yaml: "new"}}}
        retry: [5s, 10s]
        world: {agents: 400, attributes: {zone: {north: 50%, south: 50%}, role: {plain: 50%, gateway: 50%}}}
        """

    private static func files(_ offer: Offer) -> [String: [UInt8]] {
        guard case .remoteConfig(let config) = offer.content else { return [:] }
        return Dictionary((config.config ?? AgentConfigMap()).configMap.map { ($0.key, $0.value.body) }) { $1 }
    }

    @Test("Each agent has offers with the files of its own layers, and their hashes tell the entry")
    func variants() throws {
        let plan = try RolloutPlan.read(Array(Self.layered.utf8), source: "plan")
        let fleet = plan.world.fleet(seed: 5)
        let table = OfferTable(plan, fleet: fleet)
        let layers = try #require(LayeredFleet(plan, fleet: fleet))
        // Four combinations of layers; the former revision, the new one, and two times again.
        #expect(table.entries == 1...4 && table.offerCount == 16)
        var numbers: Set<Int> = []
        for entry in table.entries { numbers.formUnion(table.numbers(of: entry)) }
        #expect(numbers == Set(1...16))
        for agent in 0..<UInt32(fleet.count) {
            let place = layers.place(of: agent)
            for entry in table.entries {
                let number = table.numbers(of: entry)[table.variant(of: agent)]
                let offer = table.offer(ofNumber: number)
                #expect(Self.files(offer) == layers.files(of: place, changed: entry != OfferTable.former))
                #expect(table.entry(offer.hash) == entry && table.entry(ofNumber: Int(offer.revision)) == entry)
            }
        }
    }

    @Test("Without layers all agents have the same offers")
    func plain() {
        let table = OfferTable(RolloutPlan(), fleet: RolloutFleet(count: 10))
        #expect(table.offerCount == 2 && table.numbers(of: OfferTable.first) == [2])
        #expect(table.variant(of: 7) == 0 && Self.files(table.offer(ofNumber: 2)).keys.elementsEqual(["rollout.yaml"]))
    }

    @Test("More offers than a server remembers are refused before anything is sent")
    func tooMany() throws {
        var plan = try RolloutPlan.read(Array(Self.layered.utf8), source: "plan")
        plan.retry = Array(repeating: .seconds(1), count: 8)
        _ = try LiveRehearsal(plan, seed: 1, speed: 1)
        plan.world.attributes += plan.world.attributes.map { Named($0.name + "2", $0.value) }
        for attribute in ["zone2", "role2"] {
            var layer = LayerPlan()
            layer.name = attribute
            layer.selector.attributes = [Named(attribute, ["north", "gateway"])]
            plan.layers.append(layer)
        }
        #expect(throws: LiveRehearsalError.self) { try LiveRehearsal(plan, seed: 1, speed: 1) }
    }
}
