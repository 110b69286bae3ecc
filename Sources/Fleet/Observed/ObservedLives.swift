import AgentModel
import Basis
import Observing

/// How long the agents of a cohort and their connections live.
///
/// Only an agent in whose place another one came has ended its life: the others left because the fleet became smaller,
/// and how long they would have lived nobody knows.
struct ObservedLives {
    /// `nil`: as long as the run.
    let lifetime: Distribution?
    let connectionAge: Distribution?
    /// The ways to leave of agents in whose place others came, with how often each was seen.
    let ways: [LeavePlan.Share]
    /// Those of the others.
    private let fallingWays: [LeavePlan.Share]
    let connectionEnds: [LeavePlan.Share]

    /// - Parameter drops: moments at which many connections were lost together: they say nothing about ages.
    init(_ cohort: CohortFigures, drops: [ObservedDrop]) {
        var lives = cohort.ages.kept.map { SpanFit.Life(span: $0, weight: cohort.ages.weight, hasEnded: false) }
        var (ways, fallingWays): ([LeaveMethod: Double], [LeaveMethod: Double]) = ([:], [:])
        for life in cohort.lives.kept {
            let replaced = Self.replacedShare(at: life.endedAt, in: cohort.population) * cohort.lives.weight
            lives.append(SpanFit.Life(span: life.span, weight: replaced, hasEnded: true))
            lives.append(SpanFit.Life(span: life.span, weight: cohort.lives.weight - replaced, hasEnded: false))
            guard let way = life.way else { continue }
            ways[way, default: 0] += replaced
            fallingWays[way, default: 0] += cohort.lives.weight - replaced
        }
        let fit = SpanFit(lives.filter { $0.weight > 0 })
        lifetime = fit.endedCount >= max(Self.fewest, 0.05 * Double(cohort.agents)) ? fit.distribution : nil
        self.ways = Self.shares(of: ways)
        self.fallingWays = Self.shares(of: fallingWays)
        let connections = Self.connections(cohort, drops)
        let isUsual = connections.endedCount >= max(Self.fewest, 0.1 * Double(cohort.agents))
        connectionAge = isUsual ? connections.distribution : nil
        connectionEnds = Self.ends(cohort)
    }

    /// How the agents of the cohort leave where their number falls.
    var leave: LeavePlan { LeavePlan(mixed: fallingWays) }

    private static func shares(of ways: [LeaveMethod: Double]) -> [LeavePlan.Share] {
        let sum = max(ways.values.reduce(0, +), .leastNormalMagnitude)
        return LeaveMethod.allCases.map { LeavePlan.Share($0, weight: rounded((ways[$0] ?? 0) / sum)) }
            .filter { $0.weight > 0 }
    }

    private static func connections(_ cohort: CohortFigures, _ drops: [ObservedDrop]) -> SpanFit {
        let open = cohort.connectionAges
        var lives = open.kept.map { SpanFit.Life(span: $0, weight: open.weight, hasEnded: false) }
        lives += cohort.endedConnections.kept.map { life in
            let isDropped = drops.contains { $0.contains(life.endedAt) }
            return SpanFit.Life(span: life.span, weight: cohort.endedConnections.weight, hasEnded: !isDropped)
        }
        return SpanFit(lives)
    }

    private static func ends(_ cohort: CohortFigures) -> [LeavePlan.Share] {
        let all = cohort.connectionEnds
        let methods: [(LeaveMethod, Int)] = [
            (.close, all[.close] ?? 0), (.fin, (all[.fin] ?? 0) + (all[.server] ?? 0)), (.reset, all[.reset] ?? 0),
        ]
        let sum = methods.reduce(0) { $0 + $1.1 }
        return methods.map { LeavePlan.Share($0.0, weight: rounded(Double($0.1) / Double(max(sum, 1)))) }
            .filter { $0.weight > 0 }
    }

    /// Of the agents that left around a time, the share in whose place others came.
    private static func replacedShare(at time: Instant, in series: PopulationSeries) -> Double {
        let place = Int(clamping: (time - series.start).count / series.width.count)
        let reach = max(2, min(Int(5 / series.width.seconds), series.steps.count / 20))
        let steps = series.steps[max(place - reach, 0)..<max(min(place + reach + 1, series.steps.count), 0)]
        let (came, left) = steps.reduce((0, 0)) { ($0.0 + $1.came, $0.1 + $1.left) }
        return left > 0 ? min(Double(came) / Double(left), 1) : 0
    }

    private static func rounded(_ share: Double) -> Double { (share * 1_000).rounded() / 1_000 }

    /// Fewer ends than these say nothing.
    private static let fewest = 10.0
}

/// A moment at which many agents lost their connections together.
struct ObservedDrop: Equatable {
    /// When the first of them was lost, and the last.
    var first: Instant
    var last: Instant
    /// Of the fleet.
    var share: Double

    func contains(_ time: Instant) -> Bool { (first...last).contains(time) }

    /// The drops in what was seen of a fleet of `agents`.
    static func all(in cohorts: [CohortFigures], of agents: Int) -> [ObservedDrop] {
        let ends = cohorts.flatMap { cohort in
            cohort.endedConnections.kept.map { (time: $0.endedAt, weight: cohort.endedConnections.weight) }
        }.sorted { $0.time < $1.time }
        var drops: [ObservedDrop] = []
        var start = ends.startIndex
        while start < ends.endIndex {
            let end = ends[start...].firstIndex { $0.time > ends[start].time + window } ?? ends.endIndex
            let weight = ends[start..<end].reduce(0) { $0 + $1.weight }
            if weight >= fewest, weight >= minShare * Double(agents) {
                drops.append(
                    ObservedDrop(
                        first: ends[start].time, last: ends[end - 1].time,
                        share: min((weight / Double(max(agents, 1)) * 100).rounded() / 100, 1)))
                start = end
            } else {
                start += 1
            }
        }
        return drops
    }

    private static let window = Nanoseconds.seconds(1)
    private static let minShare = 0.1
    private static let fewest = 10.0
}
