import Basis

/// Reads `own_telemetry` and `capability_changes`.
enum OwnTelemetryReading {
    static func read(_ cohort: inout CohortProfile, from section: Section) {
        if let telemetry = section.section("own_telemetry") {
            cohort.ownTelemetry.interval = telemetry.duration(
                "interval", in: ProfileBounds.telemetryInterval, or: cohort.ownTelemetry.interval)
            if telemetry.value("signals") != nil {
                cohort.ownTelemetry.signals = telemetry.wordList("signals", of: OwnTelemetryProfile.Signal.allCases)
            } else if cohort.ownTelemetry.signals.isEmpty {
                // To say how often is to say that it is done.
                cohort.ownTelemetry.signals = OwnTelemetryProfile.Signal.allCases
            }
            telemetry.finish()
        }
        guard let items = section.items("capability_changes", ProfileBounds.capabilityChanges, of: "changes") else {
            return
        }
        cohort.capabilityChanges = items.map { item in
            let change = Section(item.tree, path: item.path, problems: section.problems)
            defer { change.finish() }
            if change.value("after") == nil { change.complain(.missingKey("after"), "after", nil) }
            return CapabilityChangeProfile(
                after: change.duration("after", in: ProfileBounds.longTime, or: .zero),
                adds: change.wordList("add", of: CapabilityWord.allCases),
                removes: change.wordList("remove", of: CapabilityWord.allCases))
        }
    }
}

extension Section {
    /// A list of words, each at most once; empty where the key is missing.
    func wordList<Choice>(_ key: String, of choices: [Choice]) -> [Choice]
    where Choice: RawRepresentable & Equatable, Choice.RawValue == String {
        guard let items = items(key, 0...choices.count, of: "words") else { return [] }
        var list: [Choice] = []
        let words = choices.map(\.rawValue)
        for item in items {
            guard case .scalar(let text, _) = item.tree.shape, let choice = Choice(rawValue: text) else {
                var text = ""
                if case .scalar(let word, _) = item.tree.shape { text = word }
                problems.add(
                    .badValue(
                        found: text.isEmpty ? item.tree.kindInWords : text, wanted: words.joined(separator: " or "),
                        suggestion: Suggestion.nearest(to: text, among: words)), path: item.path, place: item.tree.place
                )
                continue
            }
            if list.contains(choice) {
                problems.add(
                    .contradiction("'\(choice.rawValue)' stands in the list already"), path: item.path,
                    place: item.tree.place)
            } else {
                list.append(choice)
            }
        }
        return list
    }
}

/// The same in YAML.
extension YAMLWriter {
    mutating func writeTelemetry(of cohort: CohortProfile) {
        if cohort.ownTelemetry != OwnTelemetryProfile() {
            mapping("own_telemetry") { writer in
                writer.words("signals", cohort.ownTelemetry.signals.map(\.rawValue))
                writer.duration("interval", cohort.ownTelemetry.interval)
            }
        }
        guard !cohort.capabilityChanges.isEmpty else { return }
        list("capability_changes", cohort.capabilityChanges) { writer, change in
            writer.duration("after", change.after)
            writer.words("add", change.adds.map(\.rawValue))
            writer.words("remove", change.removes.map(\.rawValue))
        }
    }
}
