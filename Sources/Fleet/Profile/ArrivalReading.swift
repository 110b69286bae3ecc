import Basis

/// Reads `arrival`: `all-at-once`, `{ramp: 30s}`, `{poisson: 500/s}` or `{stages: [...]}`.
enum ArrivalReading {
    static func arrival(_ profile: Section, or standard: Arrival) -> Arrival {
        guard let tree = profile.value("arrival") else { return standard }
        let wanted = "all-at-once, {ramp: 30s}, {poisson: 500/s} or {stages: [...]}"
        switch tree.shape {
        case .nothing, .list:
            profile.complain(.wrongType(found: tree.kindInWords, wanted: wanted), "arrival", tree)
            return standard
        case .scalar(let text, _):
            if text == "all-at-once" { return .allAtOnce }
            let suggestion = Suggestion.nearest(to: text, among: ["all-at-once"])
            profile.complain(.badValue(found: text, wanted: wanted, suggestion: suggestion), "arrival", tree)
            return standard
        case .mapping:
            break
        }
        let section = Section(tree, path: profile.path(of: "arrival"), problems: profile.problems)
        defer { section.finish() }
        let ramp = section.value("ramp").map { _ in
            Arrival.ramp(over: section.duration("ramp", in: ProfileBounds.stageLength, or: .zero))
        }
        let poisson = section.value("poisson").map { _ in
            Arrival.poisson(perSecond: section.rate("poisson", mayBeZero: false))
        }
        let stages = section.items("stages", ProfileBounds.stages, of: "stages").map { items in
            Arrival.stages(items.compactMap { stage(Section($0.tree, path: $0.path, problems: profile.problems)) })
        }
        let forms = ["ramp", "poisson", "stages"]
        if section.keys.count(where: forms.contains) != 1, section.keys.allSatisfy(forms.contains) {
            let found = section.keys.isEmpty ? "nothing" : section.keys.joined(separator: ", ")
            profile.complain(.badValue(found: found, wanted: wanted, suggestion: nil), "arrival", tree)
        }
        return ramp ?? poisson ?? stages ?? standard
    }

    private static func stage(_ section: Section) -> ArrivalStage? {
        defer { section.finish() }
        let rate = section.value("rate").map { _ in section.rate("rate", mayBeZero: true) }
        let last = section.value("to_rate").map { _ in section.rate("to_rate", mayBeZero: true) }
        let population = section.value("population").map { _ in section.population() }
        let hold = section.value("hold").map { _ in section.duration("hold", in: ProfileBounds.stageLength, or: .zero) }
        let given = [rate != nil, population != nil, hold != nil].count { $0 }
        guard given == 1 else {
            let wanted = "a stage has one of 'rate' (agents a second), 'population' (agents in all) and 'hold' (nobody)"
            section.problems.add(.contradiction(wanted), path: section.path, place: section.place)
            _ = section.value("for")
            return nil
        }
        if let hold {
            if last != nil {
                section.complain(.contradiction("goes with 'rate' only"), "to_rate", section.value("to_rate"))
            }
            return .hold(length: hold)
        }
        if section.value("for") == nil { section.complain(.missingKey("for"), "for", nil) }
        let length = section.duration("for", in: ProfileBounds.stageLength, or: .zero)
        if let rate { return .rate(from: rate, to: last ?? rate, length: length) }
        if last != nil {
            section.complain(.contradiction("goes with 'rate' only"), "to_rate", section.value("to_rate"))
        }
        return population.map { .population($0, length: length) }
    }
}

extension Section {
    fileprivate func rate(_ key: String, mayBeZero: Bool) -> Double {
        let range = ProfileBounds.arrivalRate
        return quantity(key, RateText.wanted, or: 1) { text throws(QuantityProblem) in
            let rate = try RateText.parse(text)
            guard range.contains(rate) || (mayBeZero && rate == 0) else {
                let bounds = "\(RateText.format(range.lowerBound)) to \(RateText.format(range.upperBound))"
                throw QuantityProblem(kind: .outOfRange, found: text, wanted: "allowed is \(bounds)")
            }
            return rate
        }
    }

    /// `2000`, or `50%` of the fleet.
    fileprivate func population() -> PopulationTarget {
        let key = "population"
        guard case .scalar(let text, _)? = value(key)?.shape, text.hasSuffix("%") else {
            return .agents(integer(key, in: ProfileBounds.agents, or: 1))
        }
        return .share(share(key, or: 1))
    }
}
