import Basis
import Foundation

/// Reads `events`. Files that events name are read too, where the profile is itself a file and so has a folder.
struct EventReading {
    let profile: Section
    /// The folder that files are looked for in; nil where files cannot be named.
    let folder: String?

    /// The keys of all actions, in the order of the documentation.
    private static let actions = [
        "drop_connections", "offer_config", "withdraw_config", "offer_packages", "withdraw_packages", "offer_heartbeat",
        "offer_connection", "withdraw_connection", "rotate_certificates", "revoke_certificates", "restart_agents",
        "send_custom",
    ]

    func events() -> [TimedEvent] {
        let items = profile.items("events", ProfileBounds.events, of: "events") ?? []
        return items.compactMap { item in
            let event = Section(item.tree, path: item.path, problems: profile.problems)
            let at = event.runTime("at")
            let found = Self.actions.filter { event.value($0) != nil }
            let isStranger = event.keys.contains { $0 != "at" && !Self.actions.contains($0) }
            if found.count > 1 || found.isEmpty && !isStranger {
                let what = "an event has one of \(Self.actions.map { "'\($0)'" }.joined(separator: ", "))"
                profile.problems.add(.contradiction(what), path: item.path, place: item.tree.place)
            }
            let action = found.first.flatMap { self.action($0, event) }
            event.finish()
            guard let at, let action else { return nil }
            return TimedEvent(at: at, action: action)
        }
    }

    private func action(_ key: String, _ event: Section) -> TimedEvent.Action? {
        switch key {
        case "drop_connections": return .dropConnections(share: event.share(key, or: 0))
        case "offer_config": return event.section(key).flatMap(configOffer).map { .offerConfig($0) }
        case "withdraw_config": return .withdrawConfig(name: event.name(key, or: ""))
        case "offer_packages": return event.section(key).flatMap(packageOffer).map { .offerPackages($0) }
        case "withdraw_packages": return .withdrawPackages(name: event.name(key, or: ""))
        case "offer_heartbeat": return heartbeatOffer(key, event)
        case "offer_connection":
            return event.section(key).flatMap(ConnectionOfferReading.offer).map { .offerConnection($0) }
        case "withdraw_connection": return .withdrawConnection(name: event.name(key, or: ""))
        case "rotate_certificates": return event.certificateRotation(key)
        case "revoke_certificates": return .revokeCertificates(event.target(key))
        case "restart_agents": return .restartAgents(event.target(key))
        case "send_custom": return customMessage(key, event)
        default: return nil
        }
    }

    // MARK: - Offers

    private func configOffer(_ section: Section) -> ConfigOffer? {
        defer { section.finish() }
        let name = section.value("name").map { _ in section.name("name", or: "") }
        let type = section.text("content_type", bytes: ProfileBounds.contentType, or: ConfigOffer.standardContentType)
        let target = section.target("to")
        guard let files = section.section("files") else {
            section.complain(.missingKey("files"), "files", nil)
            return nil
        }
        defer { files.finish() }
        guard ProfileBounds.configFiles.contains(files.keys.count) else {
            let (low, high) = (ProfileBounds.configFiles.lowerBound, ProfileBounds.configFiles.upperBound)
            let allowed = "allowed are \(low) to \(high)"
            section.complain(.outOfRange(found: "\(files.keys.count) files", allowed: allowed), "files", nil)
            return nil
        }
        return ConfigOffer(
            name: name, files: files.keys.compactMap { file($0, in: files) }, contentType: type, target: target)
    }

    /// A file's text, `{size: 4KiB}` or `{file: path}`.
    private func file(_ name: String, in files: Section) -> ConfigOffer.File? {
        guard let tree = files.value(name) else { return nil }
        if name.utf8.count > ProfileBounds.nameBytes.upperBound {
            let allowed = "a name has at most \(ProfileBounds.nameBytes.upperBound) bytes"
            files.complain(.outOfRange(found: "this name", allowed: allowed), name, tree)
        }
        guard case .mapping = tree.shape else {
            return ConfigOffer.File(
                name: name, body: .text(files.text(name, bytes: ProfileBounds.configText, or: "")))
        }
        let section = Section(tree, path: files.path(of: name), problems: files.problems)
        defer { section.finish() }
        switch (section.value("size"), section.scalar("file", wanted: "the path of a file")) {
        case (.some, nil):
            let bytes = section.size("size", in: ProfileBounds.generatedConfig, or: 0)
            return ConfigOffer.File(name: name, body: .generated(bytes: bytes))
        case (nil, let file?):
            guard let text = text(of: file.text, file.tree, section) else { return nil }
            return ConfigOffer.File(name: name, body: .text(text))
        default:
            let what = "a file has its text, `{size: 4KiB}` or `{file: path}`"
            files.complain(.contradiction(what), name, tree)
            return nil
        }
    }

    /// The text of the file at `path`, which goes into the profile, so that the profile that is kept with the results has it.
    private func text(of path: String, _ tree: YAMLTree, _ section: Section) -> String? {
        func refuse(_ why: String) -> String? {
            section.complain(.contradiction(why), "file", tree)
            return nil
        }
        guard let folder else {
            return refuse("files are read only for a profile that is a file itself; write the text here")
        }
        let url = URL(fileURLWithPath: path, relativeTo: URL(fileURLWithPath: folder, isDirectory: true))
            .resolvingSymlinksInPath()
        let type = try? FileManager.default.attributesOfItem(atPath: url.path)[.type] as? FileAttributeType
        guard type == .typeRegular, let file = try? FileHandle(forReadingFrom: url) else {
            return refuse("'\(path)' is no file that can be read; paths count from the profile's folder")
        }
        defer { try? file.close() }
        let limit = ProfileBounds.configText.upperBound
        guard let data = try? file.read(upToCount: limit + 1) ?? Data() else {
            return refuse("'\(path)' cannot be read")
        }
        guard data.count <= limit else {
            return refuse("'\(path)' is larger than \(SizeText.format(limit)); for size alone write {size: ...}")
        }
        guard let text = String(validating: data, as: UTF8.self) else { return refuse("'\(path)' is not UTF-8 text") }
        return text
    }

    private func packageOffer(_ section: Section) -> PackageOffer? {
        defer { section.finish() }
        let name = section.value("name").map { _ in section.name("name", or: "") }
        let target = section.target("to")
        guard let packages = section.section("packages") else {
            section.complain(.missingKey("packages"), "packages", nil)
            return nil
        }
        defer { packages.finish() }
        guard ProfileBounds.packages.contains(packages.keys.count) else {
            let allowed =
                "allowed are \(ProfileBounds.packages.lowerBound) to \(ProfileBounds.packages.upperBound)"
            section.complain(.outOfRange(found: "\(packages.keys.count) packages", allowed: allowed), "packages", nil)
            return nil
        }
        return PackageOffer(name: name, packages: packages.keys.map { package($0, in: packages) }, target: target)
    }

    private func package(_ name: String, in packages: Section) -> PackageOffer.Package {
        var package = PackageOffer.Package(name: name, version: "")
        guard let section = packages.section(name) else { return package }
        package.content = PackageContentReading.content(section)
        package.flaw = section.value("wrong").map { _ in section.word("wrong", or: PackageOffer.Flaw.hash) }
        if case .file(let file) = package.content, let version = PackageFileName.version(of: file, package: name) {
            package.version = version
        } else if section.value("version") == nil {
            section.complain(.missingKey("version"), "version", nil)
        }
        package.version = section.text("version", bytes: ProfileBounds.nameBytes, or: package.version)
        package.form = section.word("type", or: package.form)
        package.isSigned = section.boolean("signed", or: false)
        section.finish()
        return package
    }

    private func heartbeatOffer(_ key: String, _ event: Section) -> TimedEvent.Action? {
        let range = ProfileBounds.offeredHeartbeatInterval
        guard case .mapping? = event.value(key)?.shape, let section = event.section(key) else {
            return event.wholeSeconds(key, in: range).map { .offerHeartbeat(interval: $0, to: .everybody) }
        }
        defer { section.finish() }
        let target = section.target("to")
        guard section.value("interval") != nil else {
            section.complain(.missingKey("interval"), "interval", nil)
            return nil
        }
        return section.wholeSeconds("interval", in: range).map { .offerHeartbeat(interval: $0, to: target) }
    }

    private func customMessage(_ key: String, _ event: Section) -> TimedEvent.Action? {
        guard case .mapping? = event.value(key)?.shape, let section = event.section(key) else {
            return .sendCustom(event.word(key, or: CustomWord.echo), to: .everybody)
        }
        defer { section.finish() }
        if section.value("message") == nil { section.complain(.missingKey("message"), "message", nil) }
        return .sendCustom(section.word("message", or: CustomWord.echo), to: section.target("to"))
    }
}

extension Section {
    /// Whom an event is for: a share, or a mapping with `share` and `attributes`. Everybody where the key is missing.
    func target(_ key: String) -> EventTarget {
        guard let tree = value(key) else { return .everybody }
        guard case .mapping = tree.shape else { return EventTarget(share: share(key, or: 1)) }
        let section = Section(tree, path: path(of: key), problems: problems)
        defer { section.finish() }
        var target = EventTarget(share: section.share("share", or: 1))
        guard let attributes = section.section("attributes") else { return target }
        target.attributes = attributes.keys.map { key in
            EventTarget.Attribute(key: key, text: attributes.text(key, bytes: ProfileBounds.attributeText, or: ""))
        }
        if target.attributes.count > ProfileBounds.targetAttributes {
            let allowed = "allowed are \(ProfileBounds.targetAttributes)"
            section.complain(
                .outOfRange(found: "\(target.attributes.count) attributes", allowed: allowed), "attributes", nil)
        }
        attributes.finish()
        return target
    }
}
