import AgentModel
import OpAMP

/// What has to hold between what befalls agents and the rest of a profile: an health fault that can strike nobody is a mistake.
enum HealthRules {
    static func contradictions(in profile: Profile) -> [ProfileError] {
        var found: [ProfileError] = []
        for (index, cohort) in profile.cohorts.enumerated() {
            for (number, healthFault) in cohort.health.healthFaults.enumerated() {
                func complain(_ key: String, _ what: String) {
                    let path = "cohorts[\(index)].health.afflictions[\(number)].\(key)"
                    found.append(ProfileError(.contradiction(what), path: path))
                }
                if let zone = healthFault.zone, !cohort.zones.contains(zone) {
                    complain("zone", "no agent stands in '\(zone)'; the cohort's zones are \(listed(cohort.zones))")
                }
                if let version = healthFault.version, let versions = profile.versions(of: cohort),
                    !versions.contains(version)
                {
                    complain(
                        "version",
                        "no agent ever runs '\(version)'; the versions that the cohort starts with or is offered are "
                            + "\(listed(versions)); add `offer_packages` for it, or correct it")
                }
            }
        }
        return found
    }

    private static func listed(_ words: [String]) -> String {
        words.prefix(10).joined(separator: ", ") + (words.count > 10 ? ", …" : "")
    }
}

extension CohortProfile {
    /// The version that its agents start with (`service.version`); nil where each may have another.
    var startingVersion: String? {
        guard let attribute = identifying.first(where: { $0.key == DescriptionTemplate.versionKey }) else {
            return packages.plan.installed.first { $0.type == .topLevel }?.version
                ?? DescriptionTemplate.collectorVersion
        }
        return attribute.text.contains("{{") ? nil : attribute.text
    }
}

extension Profile {
    /// All versions that agents of the cohort come to run, in the order in which they are offered; nil where that cannot be known.
    fileprivate func versions(of cohort: CohortProfile) -> [String]? {
        guard case .embedded = server, let first = cohort.startingVersion else { return nil }
        var versions = [first]
        guard cohort.packages.accepted else { return versions }
        for event in events {
            guard case .offerPackages(let offer) = event.action else { continue }
            for package in offer.packages where package.form == .topLevel && !versions.contains(package.version) {
                versions.append(package.version)
            }
        }
        return versions
    }
}
