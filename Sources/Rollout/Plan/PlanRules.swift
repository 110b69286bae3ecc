import Basis
import Schema

/// What has to hold between the sections of a plan.
enum PlanRules {
    static let rules: [Rule<RolloutPlan>] = [
        Rule { plan, check in
            if plan.order == .risk, plan.prediction == nil {
                check.contradiction(\.order, "the order by risk needs `prediction`; write `prediction: {}`")
            }
            stagesGrow(plan, check)
            attributesExist(plan, check)
            zonesAreFew(plan, check)
            packagesHaveTheirKeys(plan, check)
            LayerRules.judge(plan, check)
            ComponentRules.judge(plan, check)
        }
    ]

    private static func stagesGrow(_ plan: RolloutPlan, _ check: Check<RolloutPlan>) {
        var before = plan.canary?.size
        for (index, stage) in plan.stages.enumerated() {
            if let before, !isMore(stage.to, than: before) {
                check.contradiction(at: "stages[\(index)].to", "the stage before ends with as many agents or more")
            }
            before = stage.to
        }
    }

    /// Whether an amount is more than another; numbers and shares cannot be compared without a fleet.
    private static func isMore(_ amount: AgentAmount, than other: AgentAmount) -> Bool {
        switch (amount, other) {
        case (.agents(let count), .agents(let before)): count > before
        case (.share(let share), .share(let before)): share > before
        case (.agents, .share), (.share, .agents): true
        }
    }

    /// Attributes that the world does not have would select nobody.
    private static func attributesExist(_ plan: RolloutPlan, _ check: Check<RolloutPlan>) {
        let known = plan.world.attributes.map(\.name)
        guard !known.isEmpty else { return }
        func demand(_ name: String, at way: String) {
            guard !known.contains(name) else { return }
            let hint = Suggestion.nearest(to: name, among: known).map { "; did you mean '\($0)'?" } ?? ""
            check.contradiction(at: way, "the world has no attribute '\(Problem.quoted(name))'\(hint)")
        }
        for attribute in plan.target.attributes { demand(attribute.name, at: "to.attributes") }
        for attribute in plan.target.except { demand(attribute.name, at: "to.except") }
        switch plan.order {
        case .attribute(let name, _), .spread(let name): demand(name, at: "order")
        case .listed, .random, .risk: break
        }
        if let name = plan.canary?.covers { demand(name, at: "canary.covers") }
        for name in plan.prediction?.attributes ?? [] { demand(name, at: "prediction.attributes") }
        for (index, breakage) in plan.world.breakages.enumerated() {
            for attribute in breakage.attributes {
                demand(attribute.name, at: "world.breakages[\(index)].attributes")
            }
        }
        for (index, outage) in plan.world.outages.enumerated() {
            demand(outage.attribute, at: "world.outages[\(index)].attribute")
        }
        for (index, partition) in plan.world.partitions.enumerated() {
            demand(partition.attribute, at: "world.partitions[\(index)].attribute")
        }
        for (index, flapping) in plan.world.flapping.enumerated() {
            for attribute in flapping.attributes { demand(attribute.name, at: "world.flapping[\(index)].attributes") }
        }
        for (index, layer) in plan.layers.enumerated() {
            for attribute in layer.selector.names { demand(attribute, at: "layers[\(index)].where") }
        }
        for (index, channel) in plan.channels.enumerated() {
            for attribute in channel.selector.names { demand(attribute, at: "channels[\(index)].where") }
        }
        for (index, clocks) in plan.world.clocks.enumerated() {
            for attribute in clocks.attributes { demand(attribute.name, at: "world.clocks[\(index)].attributes") }
        }
        for (index, group) in plan.world.gateways.enumerated() {
            for attribute in group.attributes { demand(attribute.name, at: "world.gateways[\(index)].attributes") }
        }
        for (index, group) in plan.world.polling.enumerated() {
            for attribute in group.attributes { demand(attribute.name, at: "world.polling[\(index)].attributes") }
        }
        for (index, group) in plan.world.heartbeats.enumerated() {
            for attribute in group.attributes { demand(attribute.name, at: "world.heartbeats[\(index)].attributes") }
        }
    }

    /// What only packages have, and what they have not.
    private static func packagesHaveTheirKeys(_ plan: RolloutPlan, _ check: Check<RolloutPlan>) {
        guard plan.change.isOfPackages else {
            for (index, breakage) in plan.world.breakages.enumerated() where breakage.manner == .failsToInstall {
                check.contradiction(
                    at: "world.breakages[\(index)].how",
                    "nothing is installed for this change; write `fails`, or name the packages in `change.packages`")
            }
            guard plan.world.packages != .standard else { return }
            return check.contradiction(
                at: "world.packages", "nothing is downloaded for this change; name the packages in `change.packages`")
        }
        guard !plan.change.isOfBoth else { return }
        for (index, breakage) in plan.world.breakages.enumerated() where breakage.manner == .mismatches {
            check.contradiction(
                at: "world.breakages[\(index)].how", "packages have no effective configuration; write `fails`")
        }
    }

    /// A simulated agent has a bit for each zone that outages and partitions are about.
    private static func zonesAreFew(_ plan: RolloutPlan, _ check: Check<RolloutPlan>) {
        let limit = RehearsalWorld.maxZones
        guard plan.world.zones.count > limit else { return }
        check.contradiction(
            at: plan.world.partitions.isEmpty ? "world.outages" : "world.partitions",
            "outages and partitions are about \(plan.world.zones.count) values of attributes in all; at most \(limit) "
                + "can be told apart")
    }
}
