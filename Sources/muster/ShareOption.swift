import Schema

/// A share of the command line.
enum ShareOption {
    static func parse(_ option: String, _ text: String) throws -> Double {
        do throws(QuantityProblem) { return try ShareText.parse(text) } catch {
            throw Failure(.badUsage, "\(option): \(error)")
        }
    }
}
