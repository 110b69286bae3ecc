import Basis
import Foundation

/// Reads profiles from YAML, strictly: an unknown key, a value of the wrong kind or out of range, or values that contradict
/// each other are errors with their place, and all of them are told at once.
///
/// What a profile costs to read is bounded, whatever the file holds: its size, its depth, the errors kept; anchors and
/// aliases are not taken.
public struct ProfileReader: Sendable {
    public init() {}

    /// Reads the file at `path`.
    public func read(path: String) throws(ProfileErrors) -> Profile {
        let content: [UInt8]
        do {
            content = try Files.read(path, limit: YAMLTree.largest)
        } catch {
            if case .tooLargeToRead(let limit) = error.cause {
                throw ProfileErrors(source: path, list: [ProfileError(.tooLarge(limit: limit))])
            }
            let reason = "\(error.cause); \(error.remedy)"
            throw ProfileErrors(source: path, list: [ProfileError(.unreadable(reason: reason))])
        }
        return try read(
            bytes: content, source: path, folder: URL(fileURLWithPath: path).deletingLastPathComponent().path)
    }

    /// Reads a profile's text. `source` is its name in messages.
    public func read(text: String, source: String) throws(ProfileErrors) -> Profile {
        try read(bytes: Array(text.utf8), source: source)
    }

    /// Reads a profile's bytes, which have to be UTF-8. `source` is its name in messages.
    public func read(bytes: [UInt8], source: String) throws(ProfileErrors) -> Profile {
        try read(bytes: bytes, source: source, folder: nil)
    }

    /// - Parameter folder: where files that the profile names are looked for; nil where it may name none.
    private func read(bytes: [UInt8], source: String, folder: String?) throws(ProfileErrors) -> Profile {
        let tree: YAMLTree
        do {
            tree = try YAMLTree(bytes: bytes)
        } catch {
            throw ProfileErrors(source: source, list: [error])
        }
        let problems = ProblemList(folder: folder)
        let profile = Self.profile(Section(tree, path: "", problems: problems), folder)
        // Contradictions are told only of values that were read well: the others hold their defaults.
        if problems.isEmpty {
            let places = PlaceIndex(tree)
            for contradiction in ProfileRules.contradictions(in: profile) {
                problems.add(contradiction.kind, path: contradiction.path, place: places.place(of: contradiction.path))
            }
        }
        try problems.throwAny(source: source)
        return profile
    }

    private static func profile(_ section: Section, _ folder: String?) -> Profile {
        var profile = Profile.standard
        profile.name = section.name("name", or: profile.name)
        profile.description = section.text("description", bytes: ProfileBounds.textBytes, or: profile.description)
        profile.agents = section.integer("agents", in: ProfileBounds.agents, or: profile.agents)
        profile.seed = section.seed("seed", or: profile.seed)
        let files = TLSReading(folder: folder)
        profile.server = ServerReading.server(section, folder: folder, or: profile.server)
        profile.tls = files.fleet(section)
        profile.duration = section.duration("duration", in: ProfileBounds.duration, or: profile.duration)
        profile.drain = section.duration("drain", in: ProfileBounds.drain, or: profile.drain)
        profile.arrival = ArrivalReading.arrival(section, or: profile.arrival)
        profile.cohorts = CohortReading.cohorts(section, files: files)
        profile.events = EventReading(profile: section, folder: folder).events()
        if let limits = section.section("limits") {
            let range = ProfileBounds.timeout
            profile.limits.connectTimeout = limits.duration(
                "connect_timeout", in: range, or: profile.limits.connectTimeout)
            profile.limits.answerTimeout = limits.duration(
                "answer_timeout", in: range, or: profile.limits.answerTimeout)
            profile.limits.downloads = limits.integer(
                "downloads", in: ProfileBounds.downloads, or: profile.limits.downloads)
            profile.limits.downloadBandwidth = limits.byteRate(
                "download_bandwidth", or: profile.limits.downloadBandwidth)
            profile.limits.messageBytes = limits.size(
                "message_size", in: ProfileBounds.messageBytes, or: profile.limits.messageBytes)
            limits.finish()
        }
        profile.wire = WireReading(profile: section, folder: folder).wire()
        profile.sources = sources(section)
        profile.shards = shards(section)
        section.finish()
        return profile
    }

    private static func sources(_ section: Section) -> [String] {
        let items = section.items("sources", ProfileBounds.sources, of: "addresses") ?? []
        return items.compactMap { item in
            let wanted = "an IPv4 or IPv6 address of this machine, such as 127.0.0.2"
            guard case .scalar(let text, _) = item.tree.shape else {
                let kind = ProfileError.Kind.wrongType(found: item.tree.kindInWords, wanted: wanted)
                section.problems.add(kind, path: item.path, place: item.tree.place)
                return nil
            }
            guard IPLiteral.isAddress(text) else {
                let kind = ProfileError.Kind.badValue(found: text, wanted: wanted, suggestion: nil)
                section.problems.add(kind, path: item.path, place: item.tree.place)
                return nil
            }
            return text
        }
    }

    private static func shards(_ section: Section) -> Int? {
        if case .scalar("auto", _)? = section.value("shards")?.shape { return nil }
        return section.value("shards").map { _ in section.integer("shards", in: ProfileBounds.shards, or: 1) }
    }
}

extension Section {
    /// A name that may stand in file names, labels and tables.
    func name(_ key: String, or standard: String) -> String {
        let wanted = "letters, digits, '-', '_' and '.'"
        guard let (_, _, tree) = scalar(key, wanted: wanted) else { return standard }
        let text = text(key, bytes: ProfileBounds.nameBytes, or: standard)
        guard ProfileRules.isName(text) else {
            complain(.badValue(found: text, wanted: wanted, suggestion: nil), key, tree)
            return standard
        }
        return text
    }

    func seed(_ key: String, or standard: UInt64) -> UInt64 {
        let wanted = "a whole number from 0 to \(UInt64.max)"
        guard let (text, plain, tree) = scalar(key, wanted: wanted) else { return standard }
        guard plain, let seed = UInt64(text), NumberText.isNumber(text) else {
            let isNumber = plain && NumberText.integer(text) != nil
            complain(
                isNumber
                    ? .outOfRange(found: text, allowed: "allowed is \(wanted)")
                    : .wrongType(found: tree.kindInWords, wanted: wanted), key, tree)
            return standard
        }
        return seed
    }
}

/// Where each key of a profile stands.
private struct PlaceIndex {
    private var places: [String: ProfileError.Place] = [:]

    init(_ tree: YAMLTree) {
        index(tree, "")
    }

    /// The place of the key at `path`, or of the nearest key around it that is written out. What a cohort has from the
    /// profile's top is found there.
    func place(of path: String) -> ProfileError.Place? {
        if let place = places[path] { return place }
        if path.hasPrefix("cohorts["), let dot = path.firstIndex(of: "."),
            let place = places[String(path[path.index(after: dot)...])]
        {
            return place
        }
        guard !path.isEmpty else { return nil }
        return place(of: String(path[..<(path.lastIndex { $0 == "." || $0 == "[" } ?? path.startIndex)]))
    }

    private mutating func index(_ tree: YAMLTree, _ path: String) {
        places[path] = tree.place
        switch tree.shape {
        case .nothing, .scalar: break
        case .list(let items):
            for (number, item) in items.enumerated() { index(item, "\(path)[\(number)]") }
        case .mapping(let entries):
            for entry in entries { index(entry.value, path.isEmpty ? entry.key : "\(path).\(entry.key)") }
        }
    }
}
