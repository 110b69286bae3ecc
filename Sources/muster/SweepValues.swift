import Basis
import Foundation

/// What `--sweep` names: a key of the plan and the values that it takes in turn.
struct SweepValues {
    let key: String
    let list: [String]

    /// A range is taken in so many steps, evenly on a logarithmic scale.
    private static let steps = 8
    private static let maxValues = 200

    /// - Throws: `Failure` where it cannot be read.
    init(_ text: String) throws {
        let wanted = "--sweep: write it as KEY=FROM..TO or KEY=A,B,C, such as canary.size=1%..50%."
        guard let sign = text.firstIndex(of: "="), sign > text.startIndex else { throw Failure(.badUsage, wanted) }
        key = String(text[..<sign])
        let values = text[text.index(after: sign)...]
        guard let dots = values.range(of: "..") else {
            list = values.split(separator: ",").map(String.init)
            guard (1...Self.maxValues).contains(list.count) else { throw Failure(.badUsage, wanted) }
            return
        }
        let (from, to) = (Self.parts(values[..<dots.lowerBound]), Self.parts(values[dots.upperBound...]))
        guard let from, let to, from.unit == to.unit, from.number > 0, to.number > from.number else {
            throw Failure(.badUsage, wanted)
        }
        list = (0..<Self.steps).map { step in
            let share = Double(step) / Double(Self.steps - 1)
            let logarithm = from.number.naturalLogarithm * (1 - share) + to.number.naturalLogarithm * share
            return Self.text(logarithm.exponential, isWhole: from.isWhole && to.isWhole) + from.unit
        }
    }

    /// `12.5%` as a number and its unit.
    private static func parts(_ text: Substring) -> (number: Double, isWhole: Bool, unit: String)? {
        let digits = text.prefix { "0123456789.".contains($0) }
        guard let number = Double(digits) else { return nil }
        return (number, !digits.contains("."), String(text[digits.endIndex...]))
    }

    private static func text(_ value: Double, isWhole: Bool) -> String {
        isWhole && value >= 10 ? "\(Int(value.rounded()))" : Figures.decimals(value, 2)
    }
}
