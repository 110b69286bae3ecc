import Basis

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

    package init(
        name: String, cohorts: Int, counters: CounterTable, response: MeasureSummary, service: MeasureSummary
    ) {
        self.name = name
        self.cohorts = cohorts
        self.counters = counters
        self.response = response
        self.service = service
    }

    /// The prefix of its tags in histogram logs.
    package static func tag(_ name: String) -> String { "cohort/\(name)" }

    /// So many cohorts have figures of their own.
    public static let limit = CohortPlaces.limit

    /// The name of the cohorts beyond the limit.
    public static let otherName = "other"

    private static func name(at place: Int, _ names: [String]) -> String {
        place > CohortPlaces.limit ? otherName : place <= names.count ? names[place - 1] : "cohort \(place)"
    }

    /// The times of each cohort.
    static func tagged(_ names: [String], _ times: CohortTimes, length: Nanoseconds) -> [TaggedHistogram] {
        times.response.indices.dropFirst().flatMap { place in
            TaggedHistogram.cohort(
                name(at: place, names), response: times.response[place].compact, service: times.service[place].compact,
                length: length)
        }
    }

    /// - Parameter names: of all cohorts of the run, in the order of their numbers.
    static func summaries(
        _ names: [String], _ counters: CohortCounters, _ times: CohortTimes
    ) -> [CohortSummary] {
        guard counters.places > 1 else { return [] }
        return (1..<counters.places).map { place in
            let isOther = place > CohortPlaces.limit
            return CohortSummary(
                name: Self.name(at: place, names),
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

extension TaggedHistogram {
    /// The times of a cohort, within 1 %.
    static func cohort(
        _ name: String, response: CompactHistogram, service: CompactHistogram, length: Nanoseconds
    ) -> [TaggedHistogram] {
        [(Measure.heartbeatResponse, response), (.heartbeatService, service)].filter { $0.1.count > 0 }
            .map { measure, histogram in
                TaggedHistogram(
                    tag: "\(CohortSummary.tag(name))/\(measure.name)", start: .zero, length: length,
                    histogram: histogram)
            }
    }
}
