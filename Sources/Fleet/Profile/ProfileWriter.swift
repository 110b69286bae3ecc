import Basis

extension Profile {
    /// The whole profile in YAML, every default written out; `ProfileReader` reads it back to an equal profile.
    public var resolvedYAML: String {
        var writer = YAMLWriter()
        writer.scalar("name", .text(name))
        writer.scalar("description", .text(description))
        writer.scalar("agents", .exact("\(agents)"))
        writer.scalar("seed", .exact("\(seed)"))
        writer.write(server)
        if let tls { writer.write(tls) }
        writer.scalar("duration", .exact(DurationText.format(duration)))
        writer.scalar("drain", .exact(DurationText.format(drain)))
        writer.write(arrival)
        writer.list("cohorts", cohorts) { $0.write($1) }
        writer.list("events", events) { $0.write($1) }
        writer.mapping("limits") { writer in
            writer.scalar("connect_timeout", .exact(DurationText.format(limits.connectTimeout)))
            writer.scalar("answer_timeout", .exact(DurationText.format(limits.answerTimeout)))
            writer.scalar("downloads", .exact("\(limits.downloads)"))
            writer.byteRate("download_bandwidth", limits.downloadBandwidth)
            writer.scalar("message_size", .exact(SizeText.format(limits.messageBytes)))
        }
        writer.write(wire)
        writer.words("sources", sources)
        writer.scalar("shards", .exact(shards.map { "\($0)" } ?? "auto"))
        return writer.text
    }
}

extension YAMLWriter {
    fileprivate mutating func write(_ server: ServerChoice) {
        mapping("server") { writer in
            switch server {
            case .url(let url): writer.scalar("url", .text(url.description))
            case .embedded(let server): writer.mapping("embedded") { $0.write(server) }
            }
        }
    }

    fileprivate mutating func write(_ server: EmbeddedServer) {
        scalar("port", .exact("\(server.port)"))
        write("answer_delay", server.answerDelay)
        list("pauses", server.pauses) { writer, pause in
            writer.scalar("at", .exact(Self.text(pause.at)))
            writer.scalar("for", .exact(DurationText.format(pause.length)))
        }
        if let throttle = server.throttle {
            mapping("throttle") { writer in
                writer.scalar("share", .exact(ShareText.format(throttle.share)))
                writer.duration("retry_after", throttle.retryAfter)
            }
        }
        if let refuse = server.refuse {
            mapping("refuse") { writer in
                writer.scalar("share", .exact(ShareText.format(refuse.share)))
                writer.scalar("status", .exact("\(refuse.status)"))
                writer.duration("retry_after", refuse.retryAfter)
            }
        }
        if let drop = server.drop {
            mapping("drop") { writer in
                writer.scalar("share", .exact(ShareText.format(drop.share)))
                writer.write("after", drop.after)
            }
        }
        duration("heartbeat_interval", server.heartbeatInterval)
        scalar("transport", .exact(server.transport.rawValue))
        scalar("compression", .exact("\(server.compression)"))
        scalar("close_connections", .exact("\(server.closesConnections)"))
        duration("idle_timeout", server.idleTimeout)
        if let bytes = server.largestMessage { scalar("largest_message", .exact(SizeText.format(bytes))) }
        if let credentials = server.credentials { write("credentials", credentials) }
        if let tls = server.tls { write(tls) }
        write(server.packages)
    }

    fileprivate mutating func write(_ arrival: Arrival) {
        switch arrival {
        case .allAtOnce: scalar("arrival", .exact("all-at-once"))
        case .ramp(let span): mapping("arrival") { $0.scalar("ramp", .exact(DurationText.format(span))) }
        case .poisson(let rate): mapping("arrival") { $0.scalar("poisson", .exact(RateText.format(rate))) }
        case .stages(let stages):
            mapping("arrival") { writer in
                writer.list("stages", stages) { $0.write($1) }
            }
        }
    }

    private mutating func write(_ stage: ArrivalStage) {
        switch stage {
        case .rate(let from, let to, let length):
            scalar("rate", .exact(RateText.format(from)))
            if to != from { scalar("to_rate", .exact(RateText.format(to))) }
            duration("for", length)
        case .population(let target, let length):
            switch target {
            case .agents(let count): scalar("population", .exact("\(count)"))
            case .share(let share): scalar("population", .exact(ShareText.format(share)))
            }
            duration("for", length)
        case .hold(let length):
            duration("hold", length)
        }
    }

    mutating func write(_ key: String, _ distribution: Distribution) {
        switch distribution {
        case .constant(let span): duration(key, span)
        case .uniform(let low, let high):
            mapping(key) { $0.words("uniform", [DurationText.format(low), DurationText.format(high)]) }
        case .exponential(let mean): mapping(key) { $0.duration("exponential", mean) }
        case .logNormal(let median, let sigma):
            mapping(key) { writer in
                writer.mapping("log_normal") { writer in
                    writer.duration("median", median)
                    writer.scalar("sigma", .exact(ShareText.decimal(sigma)))
                }
            }
        }
    }

    mutating func duration(_ key: String, _ span: Nanoseconds?) {
        if let span { scalar(key, .exact(DurationText.format(span))) }
    }

    static func text(_ time: RunTime) -> String {
        switch time {
        case .after(let span): return DurationText.format(span)
        case .share(let share): return ShareText.format(share)
        }
    }
}
