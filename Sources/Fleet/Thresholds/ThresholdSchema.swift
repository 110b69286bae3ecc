import Basis
import Metrics
import Schema

extension Kind<Threshold> {
    /// A threshold as text.
    static var threshold: Kind {
        .scalar(
            "threshold", wanted: "a threshold such as `heartbeat.response.p99 < 250ms`",
            example: "heartbeat.response.p99 < 250ms", quotes: true,
            sample: { random in
                let texts = [
                    "heartbeat.response.p99 < 250ms", "availability>=99.9%", "errors.rate < 0.1% in phase steady",
                    "agents.connected >= 99.9% within 1m", "heartbeat.response.p99.9 over 10s <= 1s for 95% of windows",
                    "answers_received.per_second > 10/s abort after 30s", "waves.config.converged.p99 < 10s",
                ]
                let text = texts[random.index(below: texts.count)]
                guard let threshold = try? ThresholdParser.parse(text) else {
                    preconditionFailure("'\(text)' is not a threshold")
                }
                return threshold
            },
            format: { $0.text }
        ) { text, _ throws(Problem.Kind) in try ThresholdParser.parse(text) }
    }
}

/// What has to hold between the thresholds and the rest of a profile: the names of phases and cohorts.
enum ThresholdRules {
    static let rules: [Rule<Profile>] = [
        Rule { profile, check in
            let phases = profile.phaseNames
            let cohorts = profile.cohorts.map(\.name)
            for (index, threshold) in profile.thresholds.enumerated() {
                func unknown(_ what: String, _ name: String, _ known: [String]) {
                    let hint = Suggestion.nearest(to: name, among: known).map { ", did you mean '\($0)'?" } ?? ";"
                    let name = Problem.quoted(name)
                    check.contradiction(
                        at: "thresholds[\(index)]",
                        "no \(what) is called '\(name)'\(hint) there are \(known.joined(separator: ", "))")
                }
                switch threshold.scope {
                case .phase(let name) where !phases.contains(name): unknown("phase", name, phases)
                case .cohort(let name) where !cohorts.contains(name): unknown("cohort", name, cohorts)
                case .cohort where cohorts.count == 1:
                    check.contradiction(
                        at: "thresholds[\(index)]", "the fleet is one cohort: leave out 'in cohort …'")
                case .cohort(let name) where (cohorts.firstIndex(of: name) ?? 0) >= CohortSummary.limit:
                    check.contradiction(
                        at: "thresholds[\(index)]",
                        "only the first \(CohortSummary.limit) cohorts have figures of their own")
                default: break
                }
            }
        }
    ]
}

extension Profile {
    /// The phases that its run may have, as they are named in the results.
    var phaseNames: [String] {
        var names: [String] = []
        for name in ["arrival", "steady"] + timeline.flatMap({ [$0.action.phase, "steady"] }) + ["drain"] {
            let earlier = names.count { $0 == name || $0.hasPrefix("\(name) #") }
            let label = earlier == 0 ? name : "\(name) #\(earlier + 1)"
            names.append(label)
        }
        return names
    }
}
