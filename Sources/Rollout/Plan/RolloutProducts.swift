import Schema

/// The documents that are generated from the table of rollout plans.
public enum RolloutProducts {
    /// `docs/rollout-plans-reference.md`.
    public static var reference: String {
        var tables = RolloutPlan.schema.markdown[...]
        while tables.last?.isNewline == true { tables.removeLast() }
        return """
            # Reference of rollout plans

            Every key of a rollout plan. This page is generated from the same table that plans are read with; the \
            guide is
            [rollout-plans.md](rollout-plans.md). Durations, sizes, shares and rates are written as in \
            [profiles](profiles.md).

            \(tables)

            """
    }

    /// `docs/rollout-plan.schema.json`: JSON Schema for editors.
    public static var jsonSchema: String { RolloutPlan.schema.jsonSchema(id: "urn:muster:rollout-plan").text() + "\n" }
}
