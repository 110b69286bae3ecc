import AgentModel
import Basis
import OpAMP

/// Reads what agents take from a server besides configurations: `packages`, `connection_settings`, `custom_capabilities`.
enum AbilityReading {
    static func read(_ cohort: inout CohortProfile, from section: Section) {
        cohort.packages = packages(section, or: cohort.packages)
        if let settings = section.section("connection_settings") {
            cohort.connectionSettings.opamp = settings.boolean("opamp", or: cohort.connectionSettings.opamp)
            cohort.connectionSettings.other = settings.boolean("other", or: cohort.connectionSettings.other)
            cohort.connectionSettings.certificateRequest = settings.boolean(
                "certificate_request", or: cohort.connectionSettings.certificateRequest)
            cohort.connectionSettings.dropsCertificate = settings.boolean(
                "drops_certificate", or: cohort.connectionSettings.dropsCertificate)
            settings.finish()
        }
        if let items = section.items("custom_capabilities", 0...CustomAbility.allCases.count, of: "capabilities") {
            cohort.customAbilities = abilities(items, section)
        }
    }

    private static func packages(_ cohort: Section, or standard: PackageProfile) -> PackageProfile {
        guard let section = cohort.section("packages") else { return standard }
        var (packages, plan) = (standard, standard.plan)
        // To say how packages are taken is to say that they are.
        packages.accepted = section.boolean("accepted", or: true)
        plan.fetch = FetchReading.fetch(section, or: plan.fetch)
        plan.downloadTime = section.distribution("download_time", or: plan.downloadTime)
        plan.fileBytes = section.size("size", in: ProfileBounds.packageBytes, or: plan.fileBytes)
        plan.progressInterval = section.duration(
            "progress_interval", in: ProfileBounds.checkInterval, or: plan.progressInterval)
        plan.installTime = section.distribution("install_time", or: plan.installTime)
        plan.requiresSignature = section.boolean("requires_signature", or: plan.requiresSignature)
        if let failures = section.section("failures") {
            plan.odds.download = failures.share("download", or: plan.odds.download)
            plan.odds.contentHash = failures.share("content_hash", or: plan.odds.contentHash)
            plan.odds.signature = failures.share("signature", or: plan.odds.signature)
            plan.odds.install = failures.share("install", or: plan.odds.install)
            failures.finish()
        }
        if let items = section.items("installed", 0...ProfileBounds.packages.upperBound, of: "packages") {
            plan.installed = items.map { installed(Section($0.tree, path: $0.path, problems: section.problems)) }
        }
        if let dependencies = section.section("dependencies") {
            plan.dependencies = [:]
            for name in dependencies.keys {
                plan.dependencies[name] = dependencies.texts(name, ProfileBounds.packages, of: "packages") ?? []
            }
            dependencies.finish()
        }
        section.finish()
        packages.plan = plan
        return packages
    }

    private static func installed(_ section: Section) -> PackagePlan.LocalPackage {
        for key in ["name", "version"] where section.value(key) == nil { section.complain(.missingKey(key), key, nil) }
        let package = PackagePlan.LocalPackage(
            name: section.text("name", bytes: ProfileBounds.nameBytes, or: ""),
            version: section.text("version", bytes: ProfileBounds.nameBytes, or: ""),
            type: section.word("type", or: PackageOffer.Form.topLevel) == .addon ? .addon : .topLevel)
        section.finish()
        return package
    }

    private static func abilities(_ items: [(tree: YAMLTree, path: String)], _ section: Section) -> [CustomAbility] {
        var abilities: [CustomAbility] = []
        let words = CustomAbility.allCases.map(\.rawValue)
        for item in items {
            guard case .scalar(let text, _) = item.tree.shape, let ability = CustomAbility(rawValue: text) else {
                let kind = ProfileError.Kind.wrongType(
                    found: item.tree.kindInWords, wanted: words.joined(separator: " or "))
                section.problems.add(kind, path: item.path, place: item.tree.place)
                continue
            }
            if abilities.contains(ability) {
                let kind = ProfileError.Kind.contradiction("'\(text)' stands in the list already")
                section.problems.add(kind, path: item.path, place: item.tree.place)
            } else {
                abilities.append(ability)
            }
        }
        return abilities
    }
}

/// The same in YAML.
extension YAMLWriter {
    mutating func writeAbilities(of cohort: CohortProfile) {
        // Where the agents take no packages, there is nothing to say of it.
        if cohort.packages != PackageProfile() { mapping("packages") { $0.write(cohort.packages) } }
        mapping("connection_settings") { writer in
            writer.scalar("opamp", .exact("\(cohort.connectionSettings.opamp)"))
            writer.scalar("other", .exact("\(cohort.connectionSettings.other)"))
            writer.scalar("certificate_request", .exact("\(cohort.connectionSettings.certificateRequest)"))
            writer.scalar("drops_certificate", .exact("\(cohort.connectionSettings.dropsCertificate)"))
        }
        words("custom_capabilities", cohort.customAbilities.map(\.rawValue))
    }

    private mutating func write(_ packages: PackageProfile) {
        let plan = packages.plan
        scalar("accepted", .exact("\(packages.accepted)"))
        if let fetch = plan.fetch { mapping("download") { $0.write(fetch) } }
        write("download_time", plan.downloadTime)
        scalar("size", .exact(SizeText.format(plan.fileBytes)))
        duration("progress_interval", plan.progressInterval)
        write("install_time", plan.installTime)
        scalar("requires_signature", .exact("\(plan.requiresSignature)"))
        mapping("failures") { writer in
            writer.scalar("download", .exact(ShareText.format(plan.odds.download)))
            writer.scalar("content_hash", .exact(ShareText.format(plan.odds.contentHash)))
            writer.scalar("signature", .exact(ShareText.format(plan.odds.signature)))
            writer.scalar("install", .exact(ShareText.format(plan.odds.install)))
        }
        list("installed", plan.installed) { writer, package in
            writer.scalar("name", .text(package.name))
            writer.scalar("version", .text(package.version))
            writer.scalar(
                "type", .exact((package.type == .addon ? PackageOffer.Form.addon : .topLevel).rawValue))
        }
        mapping("dependencies") { writer in
            for (name, needed) in plan.dependencies.sorted(by: { $0.key < $1.key }) { writer.words(name, needed) }
        }
    }
}
