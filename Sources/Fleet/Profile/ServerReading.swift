import Basis

/// Reads `server`: an address, or how the embedded server behaves.
enum ServerReading {
    /// - Parameter folder: where files that the server's part names are looked for.
    static func server(_ profile: Section, folder: String?, or standard: ServerChoice) -> ServerChoice {
        guard let tree = profile.value("server") else { return standard }
        switch tree.shape {
        case .nothing, .list:
            profile.complain(
                .wrongType(
                    found: tree.kindInWords, wanted: "an address such as ws://host:4320/v1/opamp, or `embedded: {...}`"),
                "server", tree)
            return standard
        case .scalar(let text, _):
            if text == "embedded" { return .embedded(EmbeddedServer()) }
            return url(profile, "server", text, tree) ?? standard
        case .mapping:
            break
        }
        let section = Section(tree, path: profile.path(of: "server"), problems: profile.problems)
        defer { section.finish() }
        let embedded = section.section("embedded").map { Self.embedded($0, folder) }
        guard let (text, _, tree) = section.scalar("url", wanted: "an address such as ws://host:4320/v1/opamp") else {
            return embedded.map(ServerChoice.embedded) ?? standard
        }
        if embedded != nil {
            let what = "'embedded' tells how our own server behaves, but 'url' names another one; take one of them out"
            section.complain(.contradiction(what), "embedded", section.value("embedded"))
        }
        return url(section, "url", text, tree) ?? standard
    }

    private static func url(_ section: Section, _ key: String, _ text: String, _ tree: YAMLTree) -> ServerChoice? {
        do {
            return .url(try ServerURL(text))
        } catch {
            section.complain(.server(error), key, tree)
            return nil
        }
    }

    private static func embedded(_ section: Section, _ folder: String?) -> EmbeddedServer {
        var server = EmbeddedServer()
        server.port = section.integer("port", in: ProfileBounds.port, or: server.port)
        server.answerDelay = section.distribution("answer_delay", or: server.answerDelay)
        server.pauses = (section.items("pauses", ProfileBounds.pauses, of: "pauses") ?? []).compactMap { item in
            let pause = Section(item.tree, path: item.path, problems: section.problems)
            let at = pause.runTime("at")
            if pause.value("for") == nil { pause.complain(.missingKey("for"), "for", nil) }
            let length = pause.duration("for", in: ProfileBounds.modelledTime, or: .zero)
            pause.finish()
            return at.map { EmbeddedServer.Pause(at: $0, length: length) }
        }
        if let throttle = section.section("throttle") {
            server.throttle = EmbeddedServer.Throttle(
                share: throttle.requiredShare(), retryAfter: throttle.retryAfter())
            throttle.finish()
        }
        if let refuse = section.section("refuse") {
            let share = refuse.requiredShare()
            let status = refuse.integer("status", in: 429...503, or: 503)
            if status != 429, status != 503 {
                refuse.complain(
                    .outOfRange(found: "\(status)", allowed: "allowed are 429 and 503"), "status",
                    refuse.value("status"))
            }
            server.refuse = EmbeddedServer.Refusal(share: share, status: status, retryAfter: refuse.retryAfter())
            refuse.finish()
        }
        if let drop = section.section("drop") {
            let share = drop.requiredShare()
            server.drop = EmbeddedServer.Drop(share: share, after: drop.distribution("after", or: .constant(.zero)))
            drop.finish()
        }
        if section.value("heartbeat_interval") != nil {
            server.heartbeatInterval = section.wholeSeconds(
                "heartbeat_interval", in: ProfileBounds.offeredHeartbeatInterval)
        }
        readWire(&server, section, folder)
        server.tls = TLSReading(folder: folder).server(section)
        server.packages = PackageServingReading.read(section, folder: folder)
        section.finish()
        return server
    }

    /// How it treats its connections, whatever is said on them.
    private static func readWire(_ server: inout EmbeddedServer, _ section: Section, _ folder: String?) {
        server.transport = section.word("transport", or: server.transport)
        server.compression = section.boolean("compression", or: server.compression)
        server.closesConnections = section.boolean("close_connections", or: server.closesConnections)
        if section.value("idle_timeout") != nil {
            server.idleTimeout = section.duration("idle_timeout", in: ProfileBounds.poolTime, or: .seconds(60))
        }
        if section.value("largest_message") != nil {
            server.largestMessage = section.size("largest_message", in: ProfileBounds.largestMessage, or: 64 << 20)
        }
        if section.value("credentials") != nil {
            server.credentials = WireReading.secret("credentials", in: section, folder)
        }
    }
}

extension Section {
    fileprivate func requiredShare() -> Double {
        if value("share") == nil { complain(.missingKey("share"), "share", nil) }
        return share("share", or: 0)
    }

    fileprivate func retryAfter() -> Nanoseconds? {
        value("retry_after").flatMap { _ in wholeSeconds("retry_after", in: ProfileBounds.retryAfter) }
    }

    /// A duration that the wire carries in whole seconds.
    func wholeSeconds(_ key: String, in range: ClosedRange<Nanoseconds>) -> Nanoseconds? {
        let span = duration(key, in: range, or: range.lowerBound)
        if span.count % 1_000_000_000 != 0 {
            let allowed = "the protocol carries whole seconds here"
            complain(.outOfRange(found: DurationText.format(span), allowed: allowed), key, value(key))
        }
        return span
    }
}
