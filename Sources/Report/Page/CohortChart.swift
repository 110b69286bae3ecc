import Basis
import Metrics

/// The response times of all cohorts beside each other.
struct CohortChart {
    var cohorts: [CohortSummary]

    var html: String {
        let answered = cohorts.filter { $0.response.count > 0 }
        guard answered.count > 1 else { return "" }
        func seconds(_ span: Nanoseconds) -> Double { max(span.seconds, 1e-9) }
        let scale = Scale.logarithmic(
            around: answered.flatMap { [seconds($0.response.p50), seconds($0.response.max)] })
        let figures: [(figure: MeasureSummary.Figure, shape: RangeChart.Shape)] = [
            (.p50, .dot), (.p90, .ring), (.p99, .bar), (.max, .cross),
        ]
        let rows = answered.map { cohort in
            let response = cohort.response
            return RangeChart.Row(
                name: ClosingTable.title(of: cohort), range: seconds(response.p50)...seconds(response.max),
                marks: figures.map { (seconds(response[$0.figure]), $0.shape) },
                hint: figures.map { "\($0.figure.name): \(response.text($0.figure))" }
                    + ["heartbeats: \(Figures.count(response.count))"])
        }
        return RangeChart(
            title: "Cohorts", caption: "response time of each",
            keys: figures.map { .mark($0.shape.element(15, 6), name: $0.figure.name) }, scale: scale,
            format: { Figures.duration(Nanoseconds(seconds: $0)) }, rows: rows,
            header: ["cohort", "heartbeats"] + figures.map(\.figure.name),
            table: answered.map { cohort in
                [ClosingTable.title(of: cohort), Figures.count(cohort.response.count)]
                    + figures.map { cohort.response.text($0.figure) }
            }
        ).html
    }
}
