import Basis
import Metrics
import Statistics

/// A figure that runs are compared by. The one table of them: name, what it is of, which way is worse.
public enum ComparedFigure: String, CaseIterable, Hashable, Sendable {
    case responseP50 = "response p50"
    case responseP99 = "response p99"
    case throughput = "throughput"
    case errors = "errors"
    case responseP90 = "response p90"
    case responseP999 = "response p99.9"
    case serviceP50 = "service p50"
    case serviceP99 = "service p99"

    /// The name in tables and files.
    public var name: String { rawValue }

    /// Those by which a comparison is judged; the others are listed.
    public static let judged: [ComparedFigure] = [.responseP50, .responseP99, .throughput, .errors]

    var direction: FigureComparison.Direction { self == .throughput ? .lowerIsWorse : .higherIsWorse }

    /// Of which times, and which percentile; nil of counts.
    var percentile: (measure: Measure, percentile: Double)? {
        switch self {
        case .responseP50: (.heartbeatResponse, 50)
        case .responseP90: (.heartbeatResponse, 90)
        case .responseP99: (.heartbeatResponse, 99)
        case .responseP999: (.heartbeatResponse, 99.9)
        case .serviceP50: (.heartbeatService, 50)
        case .serviceP99: (.heartbeatService, 99)
        case .throughput, .errors: nil
        }
    }

    /// A value as people read it.
    /// - Parameter logarithm: of seconds, of answers a second, of the share of errors.
    func text(_ logarithm: Double) -> String {
        let value = logarithm.exponential
        switch self {
        case .throughput: return "\(Figures.rate(value))/s"
        case .errors: return Figures.percent(value)
        default: return Figures.duration(Nanoseconds(seconds: value))
        }
    }
}
