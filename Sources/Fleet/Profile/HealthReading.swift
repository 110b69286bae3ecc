import Basis

/// Reads `health`.
enum HealthReading {
    static func health(_ cohort: Section, or standard: HealthProfile) -> HealthProfile {
        guard let section = cohort.section("health") else { return standard }
        var health = standard
        health.checkInterval = section.duration(
            "check_interval", in: ProfileBounds.checkInterval, or: health.checkInterval)
        health.checkTimeout = section.duration(
            "check_timeout", in: ProfileBounds.modelledTime, or: min(health.checkTimeout, health.checkInterval))
        if health.checkTimeout > health.checkInterval {
            let what = "a check may not take longer than the interval of \(DurationText.format(health.checkInterval))"
            section.complain(.contradiction(what), "check_timeout", section.value("check_timeout"))
        }
        health.failureThreshold = section.integer("failure_threshold", in: 1...100, or: health.failureThreshold)
        if let items = section.items("afflictions", ProfileBounds.healthFaults, of: "afflictions") {
            health.healthFaults = items.compactMap { item in
                healthFault(Section(item.tree, path: item.path, problems: section.problems))
            }
        }
        section.finish()
        return health
    }

    private static func healthFault(_ section: Section) -> HealthProfile.HealthFault? {
        defer { section.finish() }
        let range = ProfileBounds.longTime
        var courses: [HealthProfile.Course] = []
        if let flapping = section.section("flapping") {
            for key in ["up", "down"] where flapping.value(key) == nil { flapping.complain(.missingKey(key), key, nil) }
            let up = flapping.distribution("up", in: range, or: .constant(.zero))
            courses.append(.flapping(up: up, down: flapping.distribution("down", in: range, or: .constant(.zero))))
            flapping.finish()
        }
        if section.value("decay") != nil {
            courses.append(.decay(each: section.distribution("decay", in: range, or: .constant(.zero))))
        }
        if section.value("sudden_death") != nil {
            courses.append(.suddenDeath(after: section.distribution("sudden_death", in: range, or: .constant(.zero))))
        }
        var zone = label("zone", section)
        var version = label("version", section)
        if let outage = section.section("outage") {
            for (key, value) in [("zone", zone), ("version", version)] where value != nil && outage.value(key) != nil {
                let what = "'\(key)' stands beside 'outage' too; take one of the two out"
                outage.complain(.contradiction(what), key, outage.value(key))
            }
            zone = label("zone", outage) ?? zone
            version = label("version", outage) ?? version
            courses.append(course(of: outage, comesWithVersion: version != nil))
            outage.finish()
        }
        let share = section.share("share", or: 1)
        let hangs = section.boolean("hangs", or: false)
        guard courses.count == 1, let course = courses.first else {
            let what = "an affliction is one of 'flapping', 'decay', 'sudden_death' and 'outage'"
            section.problems.add(.contradiction(what), path: section.path, place: section.place)
            return nil
        }
        return HealthProfile.HealthFault(course, share: share, zone: zone, version: version, hangs: hangs)
    }

    /// One that comes with a version lasts as long as agents run that, unless it says otherwise.
    private static func course(of outage: Section, comesWithVersion: Bool) -> HealthProfile.Course {
        let isWhole = outage.value("from") == nil && outage.value("for") == nil
        if comesWithVersion, isWhole { return .outage(from: .share(0), length: nil) }
        let from = outage.runTime("from")
        if outage.value("for") == nil, !comesWithVersion { outage.complain(.missingKey("for"), "for", nil) }
        let length = outage.value("for").map { _ in outage.duration("for", in: ProfileBounds.longTime, or: .zero) }
        return .outage(from: from ?? .share(0), length: length ?? (comesWithVersion ? nil : .zero))
    }

    /// A text that agents say of themselves; nil where there is none.
    private static func label(_ key: String, _ section: Section) -> String? {
        section.value(key).map { _ in section.text(key, bytes: 1...1_000, or: "") }
    }
}

extension Section {
    func boolean(_ key: String, or standard: Bool) -> Bool {
        guard let (text, plain, tree) = scalar(key, wanted: "true or false") else { return standard }
        guard plain, text == "true" || text == "false" else {
            complain(.badValue(found: text, wanted: "true or false", suggestion: nil), key, tree)
            return standard
        }
        return text == "true"
    }

    /// A list of texts.
    func texts(_ key: String, _ count: ClosedRange<Int>, of what: String) -> [String]? {
        items(key, count, of: what)?.compactMap { item in
            if case .scalar(let text, _) = item.tree.shape, (1...1_000).contains(text.utf8.count) { return text }
            let kind = ProfileError.Kind.wrongType(found: item.tree.kindInWords, wanted: "a text of 1 to 1000 bytes")
            problems.add(kind, path: item.path, place: item.tree.place)
            return nil
        }
    }
}
