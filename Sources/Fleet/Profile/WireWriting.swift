import Basis

/// The same in YAML. Secrets are not in a profile, so they cannot get into its text.
extension YAMLWriter {
    mutating func write(_ wire: WireProfile) {
        write(wire.compression)
        mapping("polling") { writer in
            let polling = wire.polling
            writer.duration("interval", polling.interval)
            writer.scalar("connections", .exact("\(polling.connections)"))
            writer.duration("idle_timeout", polling.idleTimeout)
            writer.duration("acquire_timeout", polling.acquireTimeout)
            writer.duration("maximum_age", polling.maximumAge)
            writer.scalar("queue", .exact("\(polling.queue)"))
        }
        write(wire.headers)
        write(wire.auth)
        if let proxy = wire.proxy { write(proxy) }
    }

    /// What a cohort has of its own.
    mutating func write(_ wire: CohortWire) {
        if let compression = wire.compression { write(compression) }
        write(wire.headers)
        switch wire.auth {
        case nil: break
        case .some(.none): scalar("auth", .exact("none"))
        case .some(.value(let auth)): write(auth)
        }
        switch wire.proxy {
        case nil: break
        case .some(.none): scalar("proxy", .exact("none"))
        case .some(.value(let proxy)): write(proxy)
        }
    }

    private mutating func write(_ compression: CompressionProfile) {
        mapping("compression") { writer in
            writer.scalar("websocket", .exact("\(compression.websocket)"))
            writer.scalar("requests", .exact(compression.requests.rawValue))
            writer.scalar("threshold", .exact(SizeText.format(compression.threshold)))
            if let level = compression.level { writer.scalar("level", .exact("\(level)")) }
        }
    }

    private mutating func write(_ proxy: ProxyProfile) {
        mapping("proxy") { writer in
            writer.scalar("url", .text("\(proxy.url.scheme.rawValue)://\(proxy.url.bracketedHost):\(proxy.url.port)"))
            writer.write(proxy.headers)
            writer.write(proxy.auth)
        }
    }

    private mutating func write(_ headers: [HeaderProfile]) {
        guard !headers.isEmpty else { return }
        mapping("headers") { writer in
            for header in headers { writer.write(header.name, header.value) }
        }
    }

    private mutating func write(_ auth: AuthProfile?) {
        guard let auth else { return }
        mapping("auth") { writer in
            switch auth {
            case .bearer(let source): writer.write("bearer", source)
            case .basic(let user, let password):
                writer.mapping("basic") { writer in
                    writer.scalar("user", .text(user))
                    writer.write("password", password)
                }
            }
        }
    }

    private mutating func write(_ key: String, _ source: TextSource) {
        switch source {
        case .text(let text): scalar(key, .text(text))
        case .secret(let secret): write(key, secret)
        }
    }

    mutating func write(_ key: String, _ secret: SecretSource) {
        mapping(key) { writer in
            switch secret {
            case .environment(let name): writer.scalar("env", .text(name))
            case .file(let path): writer.scalar("file", .text(path))
            }
        }
    }
}
