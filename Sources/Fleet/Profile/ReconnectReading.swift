import Basis

/// Reads `reconnect`: a policy's name, or a mapping with `policy` and its figures.
enum ReconnectReading {
    private enum Policy: String, CaseIterable {
        case opampGo = "opamp-go"
        case longDelay = "long-delay"
        case specMinimum = "spec-minimum"
        case fixed
    }

    static func policy(_ section: Section, or standard: ReconnectProfile) -> ReconnectProfile {
        guard let tree = section.value("reconnect") else { return standard }
        let range = ProfileBounds.reconnectDelay
        guard case .mapping = tree.shape else {
            switch section.word("reconnect", or: Policy.opampGo) {
            case .opampGo: return .opampGo
            case .longDelay: return .standardLongDelay
            case .specMinimum: return .specMinimum
            case .fixed: return .standardFixed
            }
        }
        let mapping = Section(tree, path: section.path(of: "reconnect"), problems: section.problems)
        defer { mapping.finish() }
        if mapping.value("policy") == nil { mapping.complain(.missingKey("policy"), "policy", nil) }
        switch mapping.word("policy", or: Policy.opampGo) {
        case .opampGo: return .opampGo
        case .specMinimum: return .specMinimum
        case .longDelay:
            guard case .longDelay(let low, let high) = ReconnectProfile.standardLongDelay else { return standard }
            let minimum = mapping.duration("minimum", in: range, or: low)
            let maximum = mapping.duration("maximum", in: range, or: max(high, minimum))
            if minimum > maximum {
                let what =
                    "the minimum of \(DurationText.format(minimum)) is more than the maximum of "
                    + DurationText.format(maximum)
                mapping.complain(.contradiction(what), "minimum", mapping.value("minimum"))
            }
            return .longDelay(minimum: minimum, maximum: maximum)
        case .fixed:
            guard case .fixed(let delay) = ReconnectProfile.standardFixed else { return standard }
            return .fixed(delay: mapping.duration("delay", in: range, or: delay))
        }
    }
}

extension ReconnectProfile {
    /// What `long-delay` means without figures: the half minute to two minutes that some supervisors wait.
    static let standardLongDelay = ReconnectProfile.longDelay(minimum: .seconds(30), maximum: .seconds(120))
    /// What `fixed` means without a figure.
    static let standardFixed = ReconnectProfile.fixed(delay: .seconds(1))
}
