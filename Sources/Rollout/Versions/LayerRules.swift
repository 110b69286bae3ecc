import Schema

/// What has to hold between the layers and channels of a plan, and what it changes.
enum LayerRules {
    static func judge(_ plan: RolloutPlan, _ check: Check<RolloutPlan>) {
        namesAreUnique(plan.layers.map(\.name), at: "layers", check)
        namesAreUnique(plan.channels.map(\.name), at: "channels", check)
        if let change = plan.change.layer {
            isKnown(change.name, among: plan.layers.map(\.name), "layer", at: "change.layer.name", check)
            if plan.change.configuration != nil || plan.change.packages != nil || plan.change.promotion != nil {
                check.contradiction(
                    at: "change.layer", "a rollout changes a layer or something else, not both; make two plans")
            }
        }
        if let promotion = plan.change.promotion {
            let names = plan.channels.map(\.name)
            isKnown(promotion.from, among: names, "channel", at: "change.promote.from", check)
            isKnown(promotion.to, among: names, "channel", at: "change.promote.to", check)
            if promotion.from == promotion.to {
                check.contradiction(at: "change.promote.to", "the packages come from this channel itself")
            }
            if plan.change.configuration != nil || plan.change.packages != nil {
                check.contradiction(
                    at: "change.promote", "a promotion is all that a rollout changes; remove the other names")
            }
        }
    }

    private static func namesAreUnique(_ names: [String], at way: String, _ check: Check<RolloutPlan>) {
        for (index, name) in names.enumerated() where names[..<index].contains(name) {
            check.contradiction(at: "\(way)[\(index)].name", "the name '\(name)' is there twice")
        }
    }

    private static func isKnown(
        _ name: String, among names: [String], _ noun: String, at way: String, _ check: Check<RolloutPlan>
    ) {
        guard !names.contains(name) else { return }
        let hint = Suggestion.nearest(to: name, among: names).map { "; did you mean '\($0)'?" } ?? ""
        check.contradiction(at: way, "the plan has no \(noun) '\(name)'\(hint)")
    }
}

extension LayerSelector {
    /// The attributes that it asks for.
    public var names: [String] { (attributes + except).map(\.name) }
}
