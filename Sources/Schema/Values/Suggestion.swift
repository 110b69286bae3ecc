/// "Did you mean": the known word nearest to one that is not known.
public enum Suggestion {
    /// Words longer than this are not compared: the work grows with the square of the length.
    private static let longestCompared = 64

    /// The nearest of `known`, if it is near enough to be what the writer meant: a third of its letters wrong at most.
    public static func nearest(to word: String, among known: [String]) -> String? {
        let typed = normalised(word)
        guard !typed.isEmpty, typed.count <= longestCompared else { return nil }
        var best: (word: String, distance: Int)?
        for candidate in known {
            let target = normalised(candidate)
            let distance = editDistance(typed, target)
            if distance <= max(1, max(typed.count, target.count) / 3), distance < best?.distance ?? .max {
                best = (candidate, distance)
            }
        }
        return best?.word
    }

    /// Lower case, and no difference between `answer-delay`, `answerDelay` and `answer_delay`.
    private static func normalised(_ word: String) -> [Character] {
        word.lowercased().filter { $0 != "_" && $0 != "-" && $0 != " " }.map(\.self)
    }

    /// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other.
    private static func editDistance(_ left: [Character], _ right: [Character]) -> Int {
        var twoBack = [Int](repeating: 0, count: right.count + 1)
        var oneBack = Array(0...right.count)
        for (row, letter) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                var cost = min(
                    oneBack[column + 1] + 1, current[column] + 1, oneBack[column] + (letter == other ? 0 : 1))
                if row > 0, column > 0, letter == right[column - 1], left[row - 1] == other {
                    cost = min(cost, twoBack[column - 1] + 1)
                }
                current.append(cost)
            }
            (twoBack, oneBack) = (oneBack, current)
        }
        return oneBack[right.count]
    }
}
