/// The values of every measure since some moment, with their figures. Only the measures that a tick has values of are
/// merged and summed up anew: most measures of a run rest once its agents are connected.
struct MeasureTotals: Sendable {
    /// By `Measure.index`.
    private(set) var histograms = [BoundedHistogram](repeating: .empty, count: Measure.allCases.count)
    /// The figures of the histograms, by `Measure.index`.
    private(set) var summaries = Measure.allCases.map { MeasureSummary($0, of: BoundedHistogram.empty) }

    /// Adds the values of an interval, by `Measure.index`.
    mutating func add(_ interval: [BoundedHistogram]) {
        for measure in Measure.allCases {
            let index = measure.index
            // A reading of a value that may not exist is no value, but counts for the bounds.
            guard interval[index].count > 0 || !interval[index].isCertain else { continue }
            histograms[index] = histograms[index].merged(with: interval[index])
            summaries[index] = MeasureSummary(measure, of: histograms[index])
        }
    }
}
