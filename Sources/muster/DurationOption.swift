import Basis
import Schema

/// A duration of the command line.
enum DurationOption {
    /// - Returns: `nil` where the option is not given.
    static func span(_ option: String, _ text: String?) throws -> Nanoseconds? {
        guard let text else { return nil }
        do throws(QuantityProblem) { return try DurationText.parse(text) } catch {
            throw Failure(.badUsage, "\(option): \(error)")
        }
    }
}
