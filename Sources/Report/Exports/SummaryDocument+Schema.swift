extension SummaryDocument {
    /// The JSON Schema of `summary.json`, which is `docs/summary.schema.json`.
    public static func schemaJSON() throws -> String {
        try TypeSchema.json(
            SummaryDocument.self, title: "summary.json of a run of Muster",
            description: "Schema version \(currentVersion). docs/results.md has the meaning of every key.")
    }
}
