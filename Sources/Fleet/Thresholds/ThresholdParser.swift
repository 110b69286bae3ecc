import Basis
public import Metrics
public import Schema

/// Reads a threshold: `METRIC [over DURATION] RELATION LIMIT`, then in any order, each at most once, `in phase NAME` or
/// `in cohort NAME`, `within DURATION`, `for SHARE of windows`, `abort after DURATION`.
///
/// A value over words; no I/O. Linear in the text, which is bounded.
public struct ThresholdParser {
    /// More bytes than any threshold needs.
    public static let maxBytes = 400

    private var words: ArraySlice<Word>

    private struct Word: Equatable {
        var text: String
        /// A name in quotes is never a word of the language.
        var isQuoted = false
    }

    /// - Throws: what is wrong, with the nearest known name.
    public static func parse(_ text: String) throws(Problem.Kind) -> Threshold {
        guard (1...maxBytes).contains(text.utf8.count) else {
            throw .outOfRange(
                found: "a threshold of \(text.utf8.count) bytes", allowed: "allowed are 1 to \(maxBytes) bytes")
        }
        var parser = ThresholdParser(words: try words(of: text)[...])
        return try parser.threshold(text)
    }

    private mutating func threshold(_ text: String) throws(Problem.Kind) -> Threshold {
        let name = try next("the name of a figure such as heartbeat.response.p99")
        guard let metric = ThresholdMetric(name.text), !name.isQuoted else {
            throw .badValue(
                found: name.text, wanted: "the name of a figure such as heartbeat.response.p99 or availability",
                among: ThresholdMetric.names)
        }
        var length: Nanoseconds?
        if take("over") { length = try duration("over", from: .seconds(1)) }
        let word = try next("<, <=, > or >=")
        guard let relation = Threshold.Relation(rawValue: word.text), !word.isQuoted else {
            throw .badValue(found: word.text, wanted: "<, <=, > or >=")
        }
        let limit = try limit(of: metric)
        var threshold = Threshold(text: text, metric: metric, relation: relation, limit: limit)
        var share: Double?
        while let word = words.first {
            words.removeFirst()
            switch word.isQuoted ? "" : word.text {
            case "in" where threshold.scope == .run: threshold.scope = try scope()
            case "within" where threshold.span == .whole:
                threshold.span = .within(try duration("within", from: .milliseconds(1)))
            case "for" where share == nil: share = try windows()
            case "abort" where threshold.abortAfter == nil:
                guard take("after") else {
                    throw .contradiction("after 'abort' comes 'after' and a time of the run, such as `abort after 30s`")
                }
                threshold.abortAfter = try duration("abort after", from: .zero)
            case "over":
                throw .contradiction("'over' comes before the relation: \(name.text) over 10s \(relation.rawValue) …")
            case "in", "within", "for", "abort":
                throw .contradiction("'\(word.text)' is given twice")
            default:
                throw .badValue(
                    found: word.text, wanted: "'in phase', 'in cohort', 'within', 'for' or 'abort after'",
                    among: ["in", "within", "for", "abort"])
            }
        }
        try check(&threshold, length, share)
        return threshold
    }

    /// What belongs together.
    private func check(_ threshold: inout Threshold, _ length: Nanoseconds?, _ share: Double?) throws(Problem.Kind) {
        let metric = threshold.metric
        if case .within = threshold.span, metric != .agentsConnected {
            throw .contradiction("'within' is for agents.connected")
        }
        if let length {
            guard threshold.span == .whole, metric.hasWindows else {
                throw .contradiction("this figure has no windows; leave out 'over'")
            }
            threshold.span = .windows(of: length, share: share ?? 1)
        } else if share != nil {
            throw .contradiction("'for … of windows' needs the length of a window: METRIC over 10s …")
        }
        if case .cohort = threshold.scope, !metric.isOfCohorts {
            throw .contradiction(
                "this figure is not kept for single cohorts; those are response and service time, availability, errors "
                    + "and counts")
        }
    }

    private mutating func limit(of metric: ThresholdMetric) throws(Problem.Kind) -> Double {
        let wanted =
            switch metric.unit {
            case .duration: DurationText.wanted
            case .share: ShareText.wanted
            case .count: "a whole number"
            case .rate: RateText.wanted
            }
        let text = try next(wanted).text
        do throws(QuantityProblem) {
            switch metric.unit {
            case .duration: return Double(try DurationText.parse(text).count)
            case .share: return try ShareText.parse(text)
            case .rate: return try RateText.parse(text)
            case .count: break
            }
        } catch { throw .quantity(error) }
        guard let count = NumberText.integer(text), count >= 0 else { throw .badValue(found: text, wanted: wanted) }
        return Double(count)
    }

    private mutating func scope() throws(Problem.Kind) -> Threshold.Scope {
        let kind = try next("'phase' or 'cohort'")
        switch kind.isQuoted ? "" : kind.text {
        case "phase": return .phase(try next("the name of a phase").text)
        case "cohort": return .cohort(try next("the name of a cohort").text)
        default: throw .badValue(found: kind.text, wanted: "'phase' or 'cohort'", among: ["phase", "cohort"])
        }
    }

    /// `95% of windows`.
    private mutating func windows() throws(Problem.Kind) -> Double {
        let text = try next(ShareText.wanted).text
        let share: Double
        do throws(QuantityProblem) { share = try ShareText.parse(text) } catch { throw .quantity(error) }
        guard take("of"), take("windows") else {
            throw .contradiction("after 'for \(text)' comes 'of windows'")
        }
        return share
    }

    private mutating func duration(_ clause: String, from low: Nanoseconds) throws(Problem.Kind) -> Nanoseconds {
        let text = try next(DurationText.wanted).text
        do throws(QuantityProblem) {
            return try DurationText.parse(text, in: low ... .days(31))
        } catch { throw .quantity(error) }
    }

    private mutating func next(_ wanted: String) throws(Problem.Kind) -> Word {
        guard let word = words.popFirst() else { throw .contradiction("it ends where \(wanted) is missing") }
        return word
    }

    private mutating func take(_ text: String) -> Bool {
        guard words.first == Word(text: text) else { return false }
        words.removeFirst()
        return true
    }

    /// The words: at blanks, with relations as words of their own, and names in quotes.
    private static func words(of text: String) throws(Problem.Kind) -> [Word] {
        var words: [Word] = []
        var rest = Substring(text)
        func isSign(_ character: Character) -> Bool { character == "<" || character == ">" || character == "=" }
        func isQuote(_ character: Character) -> Bool { character == "\"" || character == "'" }
        while let first = rest.first {
            if first.isWhitespace {
                rest.removeFirst()
            } else if isQuote(first) {
                let name = rest.dropFirst().prefix { $0 != first }
                rest = rest.dropFirst(1 + name.count)
                guard rest.popFirst() != nil else { throw .contradiction("a quote is not closed") }
                words.append(Word(text: String(name), isQuoted: true))
            } else {
                let word =
                    isSign(first)
                    ? rest.prefix(while: isSign) : rest.prefix { !$0.isWhitespace && !isSign($0) && !isQuote($0) }
                rest = rest.dropFirst(word.count)
                words.append(Word(text: String(word)))
            }
        }
        return words
    }
}
