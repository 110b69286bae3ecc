import Basis

/// The same in YAML. Secrets are not in a profile, so they cannot get into its text.
extension YAMLWriter {
    mutating func write(_ wire: WireProfile) {
        mapping("compression") { writer in
            let compression = wire.compression
            writer.scalar("websocket", .exact("\(compression.websocket)"))
            writer.scalar("requests", .exact(compression.requests.rawValue))
            writer.scalar("threshold", .exact(SizeText.format(compression.threshold)))
            if let level = compression.level { writer.scalar("level", .exact("\(level)")) }
        }
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
        guard let proxy = wire.proxy else { return }
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
