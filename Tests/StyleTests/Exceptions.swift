/// The places that break a rule of style. Remove a place from its list once it keeps the rule; add none without a
/// reason.
enum Exceptions {
    /// The table of an agent's transitions is one exhaustive switch, so that it can be read in one place.
    static let longFunctions: Set<String> = ["Sources/AgentModel/LifeCycle/LifeCycle.swift: following"]

    static let longFiles: Set<String> = []

    static let doubledTypes: Set<String> = []

    /// What a protocol of the standard library asks for: of an executor; of a decoder, and no document needs it.
    static let unused: Set<String> = Set(
        [
            "decodeNil", "nestedContainer", "nestedUnkeyedContainer", "unkeyedContainer", "userInfo",
        ]
        .map { "Sources/Report/Exports/TypeSchema.swift: \($0)" } + ["Sources/Fleet/Run/CollectorQueue.swift: enqueue"])
}
