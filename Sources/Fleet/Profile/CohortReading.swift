import AgentModel
import Basis

/// Reads `cohorts`, and the keys of a cohort that stand at the profile's top and hold for every cohort that does not say
/// otherwise.
enum CohortReading {
    static func cohorts(_ profile: Section, files: TLSReading) -> [CohortProfile] {
        var common = CohortProfile()
        read(&common, from: profile, files)
        guard let items = profile.items("cohorts", ProfileBounds.cohorts, of: "cohorts") else { return [common] }
        return items.map { item in
            let section = Section(item.tree, path: item.path, problems: profile.problems)
            var cohort = common
            if section.value("name") == nil { section.complain(.missingKey("name"), "name", nil) }
            cohort.name = section.name("name", or: cohort.name)
            cohort.weight = weight(section, or: cohort.weight)
            read(&cohort, from: section, files)
            cohort.wire = WireReading(profile: section, folder: files.folder).cohortWire()
            section.finish()
            return cohort
        }
    }

    /// The keys that a cohort and the profile's top have in common.
    private static func read(_ cohort: inout CohortProfile, from section: Section, _ files: TLSReading) {
        cohort.zones = section.texts("zones", ProfileBounds.zones, of: "zones") ?? cohort.zones
        if let attributes = section.section("attributes") {
            read(&cohort.identifying, from: attributes, "identifying")
            read(&cohort.nonIdentifying, from: attributes, "non_identifying")
            attributes.finish()
        }
        if let heartbeat = section.section("heartbeat") {
            let range = ProfileBounds.heartbeatInterval
            cohort.heartbeat.interval = heartbeat.duration("interval", in: range, or: cohort.heartbeat.interval)
            cohort.heartbeat.jitter = heartbeat.share("jitter", or: cohort.heartbeat.jitter)
            cohort.heartbeat.phase = heartbeat.word("phase", or: cohort.heartbeat.phase)
            cohort.heartbeat.enabled = heartbeat.boolean("enabled", or: cohort.heartbeat.enabled)
            heartbeat.finish()
        }
        if let batch = section.section("batch") {
            cohort.batch.window = batch.duration("window", in: ProfileBounds.batchWindow, or: cohort.batch.window)
            cohort.batch.size = batch.integer("size", in: ProfileBounds.batchSize, or: cohort.batch.size)
            batch.finish()
        }
        if let report = section.section("report") {
            cohort.report.effectiveConfigBytes = report.size(
                "effective_config", in: ProfileBounds.effectiveConfigBytes, or: cohort.report.effectiveConfigBytes)
            cohort.report.availableComponents = report.integer(
                "available_components", in: ProfileBounds.availableComponents, or: cohort.report.availableComponents)
            cohort.report.healthPipelines = report.integer(
                "health_pipelines", in: ProfileBounds.healthPipelines, or: cohort.report.healthPipelines)
            report.finish()
        }
        cohort.reconnect = ReconnectReading.policy(section, or: cohort.reconnect)
        cohort.reconnectReport = section.word("reconnect_report", or: cohort.reconnectReport)
        cohort.mode = mode(section, or: cohort.mode)
        cohort.gatewayMembers = GatewayReading.members(section, or: cohort.gatewayMembers)
        cohort.remoteConfig = RemoteConfigReading.remoteConfig(section, or: cohort.remoteConfig)
        cohort.health = HealthReading.health(section, or: cohort.health)
        cohort.faults = FaultReading.faults(section, or: cohort.faults)
        AbilityReading.read(&cohort, from: section)
        OwnTelemetryReading.read(&cohort, from: section)
        cohort.clientCertificate = files.client(section, or: cohort.clientCertificate)
        if let restart = section.section("restart") {
            cohort.restart.form = restart.word("form", or: cohort.restart.form)
            cohort.restart.downtime = restart.distribution("downtime", or: cohort.restart.downtime)
            restart.finish()
        }
    }

    private static func weight(_ section: Section, or standard: CohortWeight) -> CohortWeight {
        guard let (text, plain, tree) = section.scalar("weight", wanted: CohortWeight.wanted) else { return standard }
        guard plain, NumberText.isNumber(text) else {
            section.complain(.wrongType(found: tree.kindInWords, wanted: CohortWeight.wanted), "weight", tree)
            return standard
        }
        guard let weight = CohortWeight(text) else {
            section.complain(.outOfRange(found: text, allowed: "allowed is \(CohortWeight.wanted)"), "weight", tree)
            return standard
        }
        return weight
    }

    /// Adds the attributes under `key`; one that is there already is replaced.
    private static func read(_ attributes: inout [AttributeTemplate], from section: Section, _ key: String) {
        guard let mapping = section.section(key) else { return }
        for name in mapping.keys {
            guard let (text, _, tree) = mapping.scalar(name, wanted: "a text") else { continue }
            guard (1...200).contains(name.utf8.count), ProfileBounds.textBytes.contains(text.utf8.count) else {
                let allowed = "a key has 1 to 200 bytes, a value up to \(ProfileBounds.textBytes.upperBound)"
                mapping.complain(.outOfRange(found: "this attribute", allowed: allowed), name, tree)
                continue
            }
            let attribute = AttributeTemplate(key: name, text: text)
            if let complaint = ProfileRules.complaint(about: attribute) { mapping.complain(complaint, name, tree) }
            if let index = attributes.firstIndex(where: { $0.key == name }) {
                attributes[index] = attribute
            } else {
                attributes.append(attribute)
            }
        }
        if !ProfileBounds.attributes.contains(attributes.count) {
            let allowed = "allowed are \(ProfileBounds.attributes.upperBound)"
            section.complain(
                .outOfRange(found: "\(attributes.count) attributes", allowed: allowed), key, section.value(key))
        }
        mapping.finish()
    }

    private static func mode(_ section: Section, or standard: LoadMode) -> LoadMode {
        guard let tree = section.value("mode") else { return standard }
        let wanted = "open, closed or {loop: closed, think: 10ms}"
        switch tree.shape {
        case .scalar("open", _): return .open
        case .scalar("closed", _): return .closed(think: .constant(.zero))
        case .scalar(let text, _):
            let suggestion = Suggestion.nearest(to: text, among: ["open", "closed"])
            section.complain(.badValue(found: text, wanted: wanted, suggestion: suggestion), "mode", tree)
            return standard
        case .nothing, .list:
            section.complain(.wrongType(found: tree.kindInWords, wanted: wanted), "mode", tree)
            return standard
        case .mapping:
            let mode = Section(tree, path: section.path(of: "mode"), problems: section.problems)
            defer { mode.finish() }
            let loop = mode.word("loop", or: Loop.open)
            if mode.value("loop") == nil { mode.complain(.missingKey("loop"), "loop", nil) }
            let think = mode.distribution("think", or: .constant(.zero))
            if loop == .closed { return .closed(think: think) }
            if mode.value("think") != nil {
                mode.complain(
                    .contradiction("an open loop waits for no answer, so there is no time to think"), "think",
                    mode.value("think"))
            }
            return .open
        }
    }

    private enum Loop: String, CaseIterable { case open, closed }
}

extension Section {
    func size(_ key: String, in range: ClosedRange<Int>, or standard: Int) -> Int {
        quantity(key, SizeText.wanted, or: standard) { text throws(QuantityProblem) in
            let bytes = try SizeText.parse(text)
            guard range.contains(bytes) else {
                let bounds = "\(SizeText.format(range.lowerBound)) to \(SizeText.format(range.upperBound))"
                throw QuantityProblem(kind: .outOfRange, found: text, wanted: "allowed is \(bounds)")
            }
            return bytes
        }
    }
}
