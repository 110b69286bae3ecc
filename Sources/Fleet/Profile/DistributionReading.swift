import Basis

/// Times of the modelled world: `20ms`, or drawn, as `{uniform: [10ms, 50ms]}`, `{exponential: 20ms}` or
/// `{log_normal: {median: 20ms, sigma: 0.5}}`.
extension Section {
    func distribution(
        _ key: String, in range: ClosedRange<Nanoseconds> = ProfileBounds.modelledTime, or standard: Distribution
    ) -> Distribution {
        guard let tree = value(key) else { return standard }
        guard case .mapping = tree.shape else { return .constant(duration(key, in: range, or: standard.mean)) }
        let section = Section(tree, path: path(of: key), problems: problems)
        defer { section.finish() }
        let bounds = section.items("uniform", 2...2, of: "durations")?.enumerated().map { number, item in
            Section.duration(item.tree, item.path, in: range, problems)
        }
        let exponential = section.value("exponential").map { _ in section.duration("exponential", in: range, or: .zero)
        }
        let logNormal = section.section("log_normal").map { shape in
            if shape.value("median") == nil { shape.complain(.missingKey("median"), "median", nil) }
            let median = shape.duration("median", in: range, or: .zero)
            let sigma = shape.decimal("sigma", in: ProfileBounds.sigma, or: 0.5)
            shape.finish()
            return Distribution.logNormal(median: median, sigma: sigma)
        }
        let shapes = ["uniform", "exponential", "log_normal"]
        guard section.keys.count(where: shapes.contains) == 1 else {
            if section.keys.allSatisfy(shapes.contains) {
                complain(
                    .badValue(
                        found: section.keys.joined(separator: ", "), wanted: "one of \(shapes.joined(separator: ", "))",
                        suggestion: nil), key, tree)
            }
            return standard
        }
        if let bounds, bounds.count == 2 {
            if bounds[0] > bounds[1] {
                section.complain(
                    .contradiction("the first is more than the second"), "uniform", section.value("uniform"))
            }
            return .uniform(bounds[0], bounds[1])
        }
        return exponential.map { .exponential(mean: $0) } ?? logNormal ?? standard
    }

    /// A plain decimal number.
    func decimal(_ key: String, in range: ClosedRange<Double>, or standard: Double) -> Double {
        let wanted = "a number such as 0.5"
        guard let (text, plain, tree) = scalar(key, wanted: wanted) else { return standard }
        guard plain, NumberText.isNumber(text), let number = Double(text) else {
            complain(.wrongType(found: tree.kindInWords, wanted: wanted), key, tree)
            return standard
        }
        guard range.contains(number) else {
            let allowed =
                "allowed is \(NumberText.shortest(range.lowerBound)) to \(NumberText.shortest(range.upperBound))"
            complain(.outOfRange(found: text, allowed: allowed), key, tree)
            return standard
        }
        return number
    }

    /// A duration that is an item of a list.
    private static func duration(
        _ tree: YAMLTree, _ path: String, in range: ClosedRange<Nanoseconds>, _ problems: ProblemList
    ) -> Nanoseconds {
        guard case .scalar(let text, _) = tree.shape else {
            let kind = ProfileError.Kind.wrongType(found: tree.kindInWords, wanted: DurationText.wanted)
            problems.add(kind, path: path, place: tree.place)
            return .zero
        }
        do {
            return try DurationText.parse(text, in: range)
        } catch {
            problems.add(.quantity(error), path: path, place: tree.place)
            return .zero
        }
    }
}
