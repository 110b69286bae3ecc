extension Distribution {
    /// The same shape with every duration scaled: a draw from equal random numbers is `factor` times as long.
    public func scaled(by factor: Double) -> Distribution {
        switch self {
        case .constant(let span): .constant(span.scaled(by: factor))
        case .uniform(let low, let high): .uniform(low.scaled(by: factor), high.scaled(by: factor))
        case .exponential(let mean): .exponential(mean: mean.scaled(by: factor))
        case .logNormal(let median, let sigma): .logNormal(median: median.scaled(by: factor), sigma: sigma)
        case .quantiles(let table):
            .quantiles(table.map { Quantile(rank: $0.rank, span: $0.span.scaled(by: factor)) })
        }
    }
}
