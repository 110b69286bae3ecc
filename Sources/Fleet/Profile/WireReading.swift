import Basis
import Foundation

/// Reads what concerns the connections: `compression`, `polling`, `headers`, `auth`, `proxy`.
struct WireReading {
    /// The profile's top, or a cohort.
    let profile: Section
    /// The folder that files are looked for in; nil where the profile is no file: then paths count from the working directory.
    let folder: String?

    func wire() -> WireProfile {
        var wire = WireProfile()
        wire.compression = compression()
        if let polling = profile.section("polling") { wire.polling = self.polling(polling) }
        wire.headers = headers(profile)
        wire.auth = auth(profile)
        wire.proxy = proxy()
        return wire
    }

    /// What a cohort has of its own: the same keys but `polling`, each in the place of the fleet's.
    func cohortWire() -> CohortWire {
        var wire = CohortWire()
        if profile.value("compression") != nil { wire.compression = compression() }
        wire.headers = headers(profile)
        wire.auth = isNone("auth") ? CohortWire.Own.none : auth(profile).map { .value($0) }
        wire.proxy = isNone("proxy") ? CohortWire.Own.none : proxy().map { .value($0) }
        return wire
    }

    /// Whether a cohort does without what the fleet has.
    private func isNone(_ key: String) -> Bool {
        if case .scalar("none", true)? = profile.value(key)?.shape { true } else { false }
    }

    // MARK: - Compression

    private enum Word: String, CaseIterable { case on, off }

    private func compression() -> CompressionProfile {
        guard let tree = profile.value("compression") else { return .off }
        guard case .mapping = tree.shape else {
            return profile.word("compression", or: Word.off) == .on ? .on : .off
        }
        let section = Section(tree, path: profile.path(of: "compression"), problems: profile.problems)
        defer { section.finish() }
        var compression = CompressionProfile()
        compression.websocket = section.boolean("websocket", or: compression.websocket)
        compression.requests = section.word("requests", or: compression.requests)
        compression.threshold = section.size(
            "threshold", in: ProfileBounds.compressionThreshold, or: compression.threshold)
        if section.value("level") != nil {
            compression.level = section.integer("level", in: ProfileBounds.compressionLevel, or: 6)
        }
        return compression
    }

    // MARK: - Polling

    private func polling(_ section: Section) -> PollingProfile {
        defer { section.finish() }
        var polling = PollingProfile()
        if section.value("interval") != nil {
            polling.interval = section.duration("interval", in: ProfileBounds.heartbeatInterval, or: .seconds(30))
        }
        polling.connections = section.integer(
            "connections", in: ProfileBounds.poolConnections, or: polling.connections)
        polling.idleTimeout = section.duration("idle_timeout", in: ProfileBounds.poolTime, or: polling.idleTimeout)
        polling.acquireTimeout = section.duration(
            "acquire_timeout", in: ProfileBounds.timeout, or: polling.acquireTimeout)
        if section.value("maximum_age") != nil {
            polling.maximumAge = section.duration("maximum_age", in: ProfileBounds.poolTime, or: .seconds(60))
        }
        polling.queue = section.integer("queue", in: ProfileBounds.poolQueue, or: polling.queue)
        return polling
    }

    // MARK: - Headers and credentials

    private func headers(_ section: Section) -> [HeaderProfile] {
        guard let mapping = section.section("headers") else { return [] }
        defer { mapping.finish() }
        if !ProfileBounds.headers.contains(mapping.keys.count) {
            let allowed = "allowed are \(ProfileBounds.headers.upperBound)"
            section.complain(
                .outOfRange(found: "\(mapping.keys.count) headers", allowed: allowed), "headers",
                section.value("headers"))
        }
        var headers: [HeaderProfile] = []
        for name in mapping.keys {
            guard let value = source(name, in: mapping) else { continue }
            let header = HeaderProfile(name, value)
            if let complaint = WireRules.complaint(about: header) {
                mapping.complain(complaint, name, mapping.value(name))
            }
            if headers.contains(where: { $0.name.lowercased() == name.lowercased() }) {
                mapping.complain(
                    .contradiction("the header stands here twice; names are compared without case"), name,
                    mapping.value(name))
            }
            headers.append(header)
        }
        return headers
    }

    private func auth(_ section: Section) -> AuthProfile? {
        guard let auth = section.section("auth") else { return nil }
        defer { auth.finish() }
        let (bearer, basic) = (auth.value("bearer"), auth.value("basic"))
        guard (bearer == nil) != (basic == nil) else {
            section.complain(
                .contradiction("credentials are 'bearer' or 'basic', one of the two"), "auth", section.value("auth"))
            return nil
        }
        if bearer != nil {
            guard let value = source("bearer", in: auth) else { return nil }
            if case .text(let text) = value, !text.contains("{{") {
                auth.complain(
                    .contradiction(
                        "a token would show in the results; write {env: NAME} or {file: path} in its place"), "bearer",
                    bearer)
            }
            return .bearer(value)
        }
        guard let mapping = auth.section("basic") else { return nil }
        defer { mapping.finish() }
        if mapping.value("user") == nil { mapping.complain(.missingKey("user"), "user", nil) }
        let user = mapping.text("user", bytes: ProfileBounds.headerText, or: "")
        if user.contains(":") {
            mapping.complain(.badValue(found: user, wanted: "a name without a colon", suggestion: nil), "user", nil)
        }
        guard let password = mapping.value("password") else {
            mapping.complain(.missingKey("password"), "password", nil)
            return nil
        }
        guard case .secret(let secret)? = source("password", in: mapping) else {
            mapping.complain(
                .contradiction("a password would show in the results; write {env: NAME} or {file: path} in its place"),
                "password", password)
            return nil
        }
        return .basic(user: user, password: secret)
    }

    /// A text, `{env: NAME}` or `{file: path}`.
    private func source(_ key: String, in section: Section) -> TextSource? {
        guard let tree = section.value(key) else { return nil }
        if case .mapping = tree.shape {
            return WireReading.secret(key, in: section, folder).map { .secret($0) }
        }
        let text = section.text(key, bytes: ProfileBounds.headerText, or: "")
        if let complaint = ProfileRules.complaint(about: AttributeTemplate(key: key, text: text)) {
            section.complain(complaint, key, tree)
        }
        return .text(text)
    }

    /// `{env: NAME}` or `{file: path}`; a relative path counts from `folder`.
    static func secret(_ key: String, in section: Section, _ folder: String?) -> SecretSource? {
        guard let mapping = section.section(key) else { return nil }
        defer { mapping.finish() }
        let (variable, file) = (mapping.value("env"), mapping.value("file"))
        guard (variable == nil) != (file == nil) else {
            section.complain(
                .contradiction("a secret is {env: NAME} or {file: path}, one of the two"), key, section.value(key))
            return nil
        }
        if variable != nil {
            let name = mapping.text("env", bytes: ProfileBounds.nameBytes, or: "")
            if name.contains("=") || name.contains("\0") {
                mapping.complain(
                    .badValue(found: name, wanted: "the name of an environment variable", suggestion: nil), "env",
                    variable)
            }
            return .environment(name)
        }
        let path = mapping.text("file", bytes: ProfileBounds.path, or: "")
        let base = folder.map { URL(fileURLWithPath: $0, isDirectory: true) }
        return .file(URL(fileURLWithPath: path, relativeTo: base).standardizedFileURL.path)
    }

    // MARK: - Proxy

    private func proxy() -> ProxyProfile? {
        guard let tree = profile.value("proxy") else { return nil }
        guard case .mapping = tree.shape else {
            return profile.scalar("proxy", wanted: "http://host:port").flatMap { text, _, tree in
                url(text, profile, "proxy", tree).map { ProxyProfile(url: $0) }
            }
        }
        let section = Section(tree, path: profile.path(of: "proxy"), problems: profile.problems)
        defer { section.finish() }
        let (headers, auth) = (headers(section), auth(section))
        for (key, source) in headers.map({ ("headers", $0.value) }) + WireRules.texts(of: auth).map({ ("auth", $0) }) {
            if case .text(let text) = source, text.contains("{{") {
                section.complain(
                    .contradiction(
                        "the proxy's connections are shared, so all agents show it the same; leave '{{' out"),
                    key, section.value(key))
            }
        }
        guard let (text, _, place) = section.scalar("url", wanted: "http://host:port") else {
            if section.value("url") == nil { section.complain(.missingKey("url"), "url", nil) }
            return nil
        }
        return url(text, section, "url", place).map { ProxyProfile(url: $0, headers: headers, auth: auth) }
    }

    private func url(_ text: String, _ section: Section, _ key: String, _ tree: YAMLTree) -> ServerURL? {
        do {
            return try ProxyProfile.url(text)
        } catch {
            section.complain(.server(error), key, tree)
            return nil
        }
    }
}

/// What has to hold of headers, wherever they came from.
enum WireRules {
    /// The fields that are the connection's own business.
    private static let reserved: Set<String> = [
        "host", "connection", "upgrade", "content-length", "transfer-encoding", "content-encoding", "content-type",
        "accept-encoding", "opamp-instance-uid", "expect", "te", "trailer",
    ]

    /// What is wrong with a header; nil where nothing is.
    /// - Parameter isOption: it stands on the command line.
    static func complaint(about header: HeaderProfile, isOption: Bool = false) -> ProfileError.Kind? {
        let name = header.name.lowercased()
        let isName =
            !name.isEmpty
            && name.utf8.allSatisfy { byte in
                NumberText.isDigit(byte) || (97...122).contains(byte) || "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
        if !isName {
            return .badValue(found: header.name, wanted: "a header's name: letters, digits and '-'", suggestion: nil)
        }
        if reserved.contains(name) || name.hasPrefix("sec-websocket-") {
            return .contradiction("'\(header.name)' belongs to the connection and cannot be set")
        }
        guard case .text(let text) = header.value else { return nil }
        if header.isSecret, isOption {
            return .contradiction(
                "the value of '\(header.name)' would show in the list of processes; give a token with --token-file FILE or the "
                    + "environment variable MUSTER_TOKEN, anything else in a profile: headers: {\(header.name): {env: NAME}}"
            )
        }
        if header.isSecret {
            return .contradiction(
                "the value of '\(header.name)' would show in the results; write {env: NAME} or {file: path} in its place"
            )
        }
        if text.utf8.contains(where: { $0 < 0x20 && $0 != 9 || $0 == 0x7F }) {
            return .contradiction("the value of '\(header.name)' holds a control character: keep it on one line")
        }
        return nil
    }

    /// The texts of credentials that stand in the profile.
    static func texts(of auth: AuthProfile?) -> [TextSource] {
        switch auth {
        case .bearer(let source): [source]
        case .basic(let user, _): [.text(user)]
        case nil: []
        }
    }
}
