/// One cohort of a run, in figures. A run of a single cohort has none: they would be the run's.
public struct CohortSummary: Hashable, Sendable {
    /// As the profile names it; `other` for all that have no figures of their own.
    public var name: String
    /// How many cohorts it is: more than one for `other`.
    public var cohorts: Int
    /// What was counted for its agents. What belongs to no agent is in no cohort.
    public var counters: CounterTable
    /// Within 1 % of the true value.
    public var response: MeasureSummary
    public var service: MeasureSummary

    /// So many cohorts have figures of their own.
    public static let limit = CohortPlaces.limit

    /// The name of the cohorts beyond the limit.
    public static let otherName = "other"

    /// - Parameter names: of all cohorts of the run, in the order of their numbers.
    static func summaries(
        _ names: [String], _ counters: CohortCounters, _ times: CohortTimes
    ) -> [CohortSummary] {
        guard counters.places > 1 else { return [] }
        return (1..<counters.places).map { place in
            let isOther = place > CohortPlaces.limit
            return CohortSummary(
                name: isOther ? otherName : place <= names.count ? names[place - 1] : "cohort \(place)",
                cohorts: isOther ? max(names.count - CohortPlaces.limit, 1) : 1, counters: counters[place],
                response: MeasureSummary(.heartbeatResponse, of: times.response[place].compact),
                service: MeasureSummary(.heartbeatService, of: times.service[place].compact))
        }
    }
}

extension CohortSummary {
    /// What is told of each cohort in counts: the name in files, the title in tables, the meaning.
    public static let counts:
        [(name: String, title: String, meaning: String, value: @Sendable (CohortSummary) -> UInt64)] = [
            ("agents", "agents", "agents started", { $0.counters[.agentsStarted] }),
            ("reports", "reports", "reports sent", { $0.counters.reportsSent }),
            ("answers", "answers", "answers received", { $0.counters[.answersReceived] }),
            (
                "unanswered", "unanswered", "reports without an answer within the answer timeout",
                { $0.counters[.unanswered] }
            ),
            ("errors", "errors", "errors of any kind", { $0.counters.errors }),
        ]
}
