import Basis
import ControlPlane
import OpAMP
import OrderedCollections
import Rollout

// What a tester asks about layers and channels, and changes of them: docs/layers.md.

extension VersionDesk {
    /// What the registries of a server are asked and told, all of them.
    struct Server: Sendable {
        /// Counts whom other layers and channels touch, and serves them unless it is a trial.
        var touched: @Sendable (StandingOffers, VersionBook.Name, _ isTrial: Bool) async -> TouchedAgents
        var agent: @Sendable (InstanceUID) async -> ServedAgent?
    }

    func answer(_ request: ControlRequest, by server: Server) async -> ControlAnswer {
        do throws(VersionDeskError) {
            return try await perform(request, server)
        } catch {
            let status: UInt16 =
                switch error {
                case .unknown: 404
                case .tooLarge: 413
                case .file, .inUse, .noJournal: 503
                case .refused: 400
                }
            return ControlAnswer(status, "\(error)\n")
        }
    }

    private func perform(
        _ request: ControlRequest, _ server: Server
    ) async throws(VersionDeskError) -> ControlAnswer {
        let path = request.path
        if path == ["served"], !request.isChange { return try await served(request, server) }
        let kind: VersionBook.Kind? =
            switch path.first {
            case "layers": .layer
            case "channels": .channel
            default: nil
            }
        guard let kind, path.count <= 3 else { throw .unknown("there is nothing at this address") }
        guard path.count > 1 else {
            guard !request.isChange else { throw .refused("name the \(path[0].dropLast()): /muster/\(path[0])/NAME") }
            let book = book
            return ControlAnswer(names.filter { $0.kind == kind }.map { HistoryAnswer($0, book[$0]) })
        }
        let name = VersionBook.Name(kind, path[1])
        guard names.contains(name) else {
            let known = names.filter { $0.kind == kind }.map(\.text)
            throw .unknown("\(VersionError.unknown(name, known: known))")
        }
        switch (path.count > 2 ? path[2] : nil, request.isChange) {
        case (nil, false): return try content(of: name, request)
        case ("diff", false): return try difference(of: name, request)
        case (nil, true): return try await change(request, name, server)
        case ("rollback", true): return try await rollBack(request, name, server)
        case ("promote", true) where kind == .channel: return try await promote(request, name, server)
        default: throw .unknown("there is nothing at this address")
        }
    }

    // MARK: - Questions

    private func content(
        of name: VersionBook.Name, _ request: ControlRequest
    ) throws(VersionDeskError) -> ControlAnswer {
        let book = book
        guard let number = try number("version", request) else { return ControlAnswer(HistoryAnswer(name, book[name])) }
        do throws(VersionError) {
            return ControlAnswer(ContentAnswer(try book.version(number, of: name)))
        } catch { throw .unknown(error.description) }
    }

    /// Without numbers: what the last change has changed.
    private func difference(
        of name: VersionBook.Name, _ request: ControlRequest
    ) throws(VersionDeskError) -> ControlAnswer {
        let book = book
        let numbers = book[name].versions.map(\.number)
        let to = try number("to", request) ?? numbers.last ?? 0
        let from = try number("from", request) ?? numbers.last { $0 < to } ?? to
        do throws(VersionError) {
            return ControlAnswer(200, try book.difference(of: name, from: from, to: to))
        } catch { throw .unknown(error.description) }
    }

    private func served(
        _ request: ControlRequest, _ server: Server
    ) async throws(VersionDeskError) -> ControlAnswer {
        guard let uid = request["agent"].flatMap({ InstanceUID($0) }) else {
            throw .refused("agent: give an instance uid")
        }
        guard let agent = await server.agent(uid) else { throw .unknown("the server knows no agent \(uid)") }
        return ControlAnswer(ServedAnswer(uid, agent))
    }

    private func number(_ word: String, _ request: ControlRequest) throws(VersionDeskError) -> Int? {
        guard let text = request[word] else { return nil }
        guard let number = Int(text) else { throw .refused("\(word): '\(text.prefix(20))' is not a version's number") }
        return number
    }

    // MARK: - Changes

    /// A file with the body of the request, or one that is removed.
    private func change(
        _ request: ControlRequest, _ name: VersionBook.Name, _ server: Server
    ) async throws(VersionDeskError) -> ControlAnswer {
        let (file, removed, package) = (request["file"], request["remove"], request["package"])
        return try await perform(request, name, server) { book, packages, now in
            var content = try book.current(of: name).content
            if let removed {
                guard content.files.removeValue(forKey: removed) != nil else {
                    throw VersionDeskError.unknown("there is no '\(removed)' in it")
                }
            } else if name.kind == .channel {
                guard let package, let packages else {
                    throw VersionDeskError.refused("package: name a file of the packages' folder")
                }
                content = try packages.adding(package, content)
            } else {
                guard let file = file ?? (content.files.count == 1 ? content.files.keys.first : nil), !file.isEmpty,
                    file.utf8.count <= 100
                else { throw VersionDeskError.refused("file: name the file that the body is to replace") }
                content.files[file] = request.body
                content.without.remove(file)
            }
            return try book.changing(name, to: content, at: now)
        }
    }

    /// Without a number: to the version before the current one.
    private func rollBack(
        _ request: ControlRequest, _ name: VersionBook.Name, _ server: Server
    ) async throws(VersionDeskError) -> ControlAnswer {
        let number = try number("to", request)
        return try await perform(request, name, server) { book, _, now in
            guard let number = number ?? book[name].versions.dropLast().last?.number else {
                throw VersionDeskError.refused("there is no earlier version")
            }
            return try book.rollingBack(name, to: number, at: now)
        }
    }

    private func promote(
        _ request: ControlRequest, _ name: VersionBook.Name, _ server: Server
    ) async throws(VersionDeskError) -> ControlAnswer {
        guard let channel = request["to"], names.contains(VersionBook.Name(.channel, channel)) else {
            throw .refused("to: name the channel whose agents are to get the packages")
        }
        return try await perform(request, VersionBook.Name(.channel, channel), server) { book, _, now in
            try book.promoting(from: name.text, to: channel, at: now)
        }
    }

    private func perform(
        _ request: ControlRequest, _ name: VersionBook.Name, _ server: Server,
        _ body: (VersionBook, Packages?, UInt64) throws -> VersionBook.Record?
    ) async throws(VersionDeskError) -> ControlAnswer {
        let isTrial = request["dry_run"].map { $0 != "false" } ?? false
        let former = book[name].current?.number
        let change = try change(isTrial: isTrial, body)
        let touched = await server.touched(change.standing, name, isTrial || change.record == nil)
        return ControlAnswer(ChangeAnswer(name, change.record, former: former, touched, isTrial: isTrial))
    }
}

// MARK: - Answers

/// A history without contents.
private struct HistoryAnswer: Encodable {
    struct Version: Encodable {
        var version: Int
        var at: UInt64
        var cause: String
        var files: [String]
        var bytes: Int
    }

    var name: String
    var current: Int?
    var versions: [Version]

    init(_ name: VersionBook.Name, _ history: VersionHistory) {
        self.name = name.text
        current = history.current?.number
        versions = history.versions.map { version in
            Version(
                version: version.number, at: version.at, cause: "\(version.cause)",
                files: version.content.files.keys.sorted(), bytes: version.content.byteCount)
        }
    }
}

private struct ContentAnswer: Encodable {
    var version: Int
    var files: [String: String]
    var without: [String]

    init(_ version: LayerVersion) {
        self.version = version.number
        files = version.content.files.mapValues { String(decoding: $0, as: UTF8.self) }
        without = version.content.without.sorted()
    }
}

private struct ServedAnswer: Encodable {
    var agent: String
    var layers: [String]
    var channel: String?
    var files: [String: String]?
    var packages: [String: String]?
    var hash: String?
    /// Whether it reported the hash of these files last.
    var reported: Bool

    init(_ uid: InstanceUID, _ served: ServedAgent) {
        agent = "\(uid)"
        layers = served.layers
        channel = served.channel
        reported = served.hasReportedConfiguration
        if case .remoteConfig(let config) = served.configuration?.content {
            let pairs = (config.config ?? AgentConfigMap()).configMap.map {
                ($0.key, String(decoding: $0.value.body, as: UTF8.self))
            }
            files = Dictionary(pairs) { _, last in last }
            hash = HexText.text(config.configHash)
        }
        if case .packages(let available) = served.packages?.content {
            packages = Dictionary(available.packages.map { ($0.key, $0.value.version) }) { _, last in last }
        }
    }
}

private struct ChangeAnswer: Encodable {
    var name: String
    /// The version that is served now, or would be.
    var version: Int?
    var former: Int?
    var changed: Bool
    var trial: Bool
    /// The agents that it is for, and those of them that get something else.
    var meant: Int
    var touched: Int

    init(
        _ name: VersionBook.Name, _ record: VersionBook.Record?, former: Int?, _ agents: TouchedAgents, isTrial: Bool
    ) {
        self.name = name.text
        version = record?.version.number ?? former
        self.former = former
        changed = record != nil
        trial = isTrial
        (meant, touched) = (agents.meant, agents.changed)
    }
}
