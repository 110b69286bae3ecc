import Schema

/// What has to hold between the components of the agents' health and those that gates and breakages name.
enum ComponentRules {
    static func judge(_ plan: RolloutPlan, _ check: Check<RolloutPlan>) {
        let known = names(plan.world)
        for name in known where reserved.contains(name) {
            check.contradiction(at: "world.components", "'\(name)' is a word of plans; name the component otherwise")
        }
        for (index, gate) in plan.gates.enumerated() {
            guard let name = gate.component, name != GatePlan.anyComponent else { continue }
            demand(name, among: known, at: "gates[\(index)].component", check)
        }
        for (index, breakage) in plan.world.breakages.enumerated() {
            guard let name = breakage.component else { continue }
            let way = "world.breakages[\(index)].component"
            if breakage.manner != .unhealthy {
                check.contradiction(at: way, "only agents that become `unhealthy` have a component that does")
            }
            if name != Breakage.root { demand(name, among: known, at: way, check) }
        }
        let (count, limit) = (plan.watchedComponents.count, RolloutPlan.maxWatchedComponents)
        if count > limit { check.contradiction(at: "gates", "gates name \(count) components; at most \(limit) can be") }
        if plan.driver != nil, count > 0 {
            check.contradiction(
                at: "driver",
                "of a server that a driver makes act only the health of whole agents is known; remove the "
                    + "gates on components")
        }
    }

    private static let reserved = [GatePlan.anyComponent, Breakage.root, "collector", "none"]

    /// Every name that a component or a group of them has.
    private static func names(_ world: RehearsalWorld) -> [String] {
        world.components.flatMap { group in
            [group.name] + group.value + group.value.map { "\(group.name)/\($0)" }
        }
    }

    private static func demand(_ name: String, among known: [String], at way: String, _ check: Check<RolloutPlan>) {
        guard !known.contains(name) else { return }
        let hint = Suggestion.nearest(to: name, among: known).map { "; did you mean '\($0)'?" } ?? ""
        check.contradiction(at: way, "`world.components` has no '\(Problem.quoted(name))'\(hint)")
    }
}
