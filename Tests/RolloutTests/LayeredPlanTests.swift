import Basis
import Schema
import Testing

@testable import Rollout

@Suite("Plans that change a layer or promote packages")
struct LayeredPlanTests {
    private static let layered = """
        layers:
          - {name: base, files: {a.yaml: "one", b.yaml: "one"}}
          - {name: eu, where: {zone: [eu]}, files: {b.yaml: "eu"}}
          - {name: gateways, where: {role: [gateway]}, except: {zone: [us]}, files: {b.yaml: "gateway"}}
        change: {layer: {name: eu, files: {b.yaml: "new"}}}
        world: {agents: 600, attributes: {zone: {eu: 50%, us: 50%}, role: {collector: 70%, gateway: 30%}}}
        """

    private static func read(_ text: String) throws -> RolloutPlan {
        try RolloutPlan.read(Array(text.utf8), source: "plan")
    }

    private static func problems(_ text: String) -> String {
        do throws(Problems) {
            _ = try RolloutPlan.read(Array(text.utf8), source: "plan")
            return ""
        } catch { return error.description }
    }

    @Test("Only agents that get other files by a change of a layer are meant")
    func touched() throws {
        let plan = try Self.read(Self.layered)
        let fleet = plan.world.fleet(seed: 3)
        let meant = Set(RolloutController(plan: plan, fleet: fleet, seed: 3).order)
        for agent in 0..<UInt32(fleet.count) {
            let isEU = fleet.value("zone", of: agent) == "eu"
            // The layer of the gateways replaces the file again.
            let isGateway = fleet.value("role", of: agent) == "gateway"
            #expect(meant.contains(agent) == (isEU && !isGateway), "agent \(agent)")
        }
        #expect(!meant.isEmpty)
    }

    @Test("What agents get is what a merge agent by agent makes")
    func naive() throws {
        var random = SeededRandom(seed: 9)
        for _ in 0..<60 {
            var plan = try Self.read(Self.layered)
            plan.layers = (0..<(1 + random.index(below: 5))).map { number in
                var layer = LayerPlan()
                layer.name = "layer\(number)"
                let zone = random.chance(0.5) ? "eu" : "us"
                if random.chance(0.6) { layer.selector.attributes = [Named("zone", [zone])] }
                if random.chance(0.3) { layer.selector.except = [Named("role", ["gateway"])] }
                layer.files = ["a", "b"].filter { _ in random.chance(0.6) }.map { Named($0, "\(number)\($0)") }
                if random.chance(0.2) { layer.without = ["a"] }
                return layer
            }
            var change = LayerChange()
            change.name = "layer\(random.index(below: plan.layers.count))"
            change.files = random.chance(0.8) ? [Named("b", "new")] : []
            plan.change.layer = change
            let fleet = plan.world.fleet(seed: 1)
            let layered = try #require(LayeredFleet(plan, fleet: fleet))
            let meant = Set(RolloutController(plan: plan, fleet: fleet).order)
            for agent in 0..<UInt32(100) {
                var (before, after) = ([String: String](), [String: String]())
                for layer in plan.layers {
                    let selector = layer.selector
                    guard selector.attributes.allSatisfy({ $0.value.contains(fleet.value($0.name, of: agent) ?? "") }),
                        !selector.except.contains(where: { $0.value.contains(fleet.value($0.name, of: agent) ?? "") })
                    else { continue }
                    for name in layer.without { (before[name], after[name]) = (nil, nil) }
                    for file in layer.files { (before[file.name], after[file.name]) = (file.value, file.value) }
                    guard layer.name == change.name else { continue }
                    for file in change.files { after[file.name] = file.value }
                }
                let place = layered.place(of: agent)
                #expect(layered.files(of: place, changed: false) == before.mapValues { Array($0.utf8) })
                #expect(layered.files(of: place, changed: true) == after.mapValues { Array($0.utf8) })
                #expect(meant.contains(agent) == (before != after))
            }
        }
    }

    private static let channels = """
        channels:
          - {name: stable, packages: {collector: 0.114.0}}
          - {name: beta, where: {ring: [early]}, packages: {collector: 0.115.0}}
        change: {promote: {from: beta, to: stable}}
        world: {agents: 300, attributes: {ring: {early: 20%, late: 80%}}}
        """

    @Test("A promotion means the agents of the channel that gets other packages, and nobody where it has them")
    func promotion() throws {
        var plan = try Self.read(Self.channels)
        let fleet = plan.world.fleet(seed: 1)
        let meant = Set(RolloutController(plan: plan, fleet: fleet).order)
        for agent in 0..<UInt32(fleet.count) {
            #expect(meant.contains(agent) == (fleet.value("ring", of: agent) == "late"))
        }
        plan.channels[0].packages = plan.channels[1].packages
        #expect(RolloutController(plan: plan, fleet: fleet).order.isEmpty)
    }

    @Test("What a plan changes has to be there, once, and alone")
    func rules() {
        func changed(_ text: String, _ old: String, _ new: String) -> String {
            Self.problems(text.replacing(old, with: new))
        }
        let (layered, channels) = (Self.layered, Self.channels)
        #expect(changed(layered, "layer: {name: eu,", "layer: {name: eo,").contains("no layer 'eo'; did you mean 'eu'"))
        #expect(changed(layered, "name: gateways", "name: base").contains("the name 'base' is there twice"))
        #expect(changed(layered, "where: {zone", "where: {zoned").contains("no attribute 'zoned'"))
        #expect(changed(layered, "change: {", "change: {configuration: x, ").contains("not both"))
        #expect(changed(channels, "to: stable", "to: beta").contains("come from this channel itself"))
        #expect(changed(channels, "from: beta", "from: gamma").contains("no channel 'gamma'"))
        #expect(changed(channels, "change: {", "change: {packages: x, ").contains("all that a rollout changes"))
    }

    @Test("Such a plan is the same when it is written and read again")
    func written() throws {
        for text in [Self.layered, Self.channels] {
            let plan = try Self.read(text)
            #expect(try Self.read(plan.resolvedYAML) == plan)
        }
    }
}
