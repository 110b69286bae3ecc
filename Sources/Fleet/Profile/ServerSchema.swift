import Basis
public import Schema

extension ServerURL {
    private static let wanted = "an address such as ws://host:4320/v1/opamp"

    static let kind = Kind<ServerURL>.scalar(
        "address", wanted: wanted, example: "ws://host:4320/v1/opamp", quotes: true,
        sample: { ServerURL(host: "host", port: 1 + $0.index(below: 65_535)) }, format: { $0.text }
    ) { text, _ throws(Problem.Kind) in
        do throws(ServerURLError) {
            return try ServerURL(text)
        } catch {
            throw .contradiction(Problem.quoted("\(error)"))
        }
    }.showing(Redaction.url)
}

extension ServerChoice {
    static let kind = Kind<ServerChoice>.oneOf(
        wanted: "an address such as ws://host:4320/v1/opamp, or `embedded: {...}`"
    ) { forms in
        _ = forms.word("embedded", .embedded(EmbeddedServer()), "A server in the same process.")
        _ = forms.scalar(
            ServerURL.kind, "The server at that address, which begins with ws://, wss://, http:// or https://."
        ) {
            .url($0)
        }
        let section = forms.section("The same as a mapping.") { (choice: Choice) in
            choice.url.map(ServerChoice.url) ?? .embedded(choice.embedded ?? EmbeddedServer())
        }
        return { value in
            switch value {
            case .url(let url): section(Choice(url: url))
            case .embedded(let server): section(Choice(embedded: server))
            }
        }
    }

    struct Choice: Settings {
        var url: ServerURL?
        var embedded: EmbeddedServer?

        static let standard = Choice()
        static let schema = Schema<Choice>(
            "server", "The server under test, or how the embedded one behaves.",
            [
                Key("url", \.url, .optional(ServerURL.kind), "The address of the server."),
                Key("embedded", \.embedded, .optional(.section), "A server in the same process."),
            ],
            rules: [
                Rule { choice, check in
                    guard choice.url != nil, choice.embedded != nil else { return }
                    check.contradiction(
                        \.embedded,
                        "'embedded' is about a server in the same process, but 'url' names another one; remove one "
                            + "of them"
                    )
                }
            ])
    }
}

extension EmbeddedServer: Settings {
    public static let standard = EmbeddedServer()
    private static let day = Nanoseconds.seconds(1)...Nanoseconds.days(1)

    public static let schema = Schema<EmbeddedServer>(
        "server.embedded",
        "The behaviour of the server in the same process; by default it answers at once, without faults.",
        [
            Key("port", \.port, .integer(0...65_535), "The port on 127.0.0.1; 0 is any free one."),
            Key(
                "answer_delay", \.answerDelay, Distribution.kind(),
                "From the arrival of a report to its answer. Answers on a connection keep their order."),
            Key(
                "pauses", \.pauses, .list("pauses", 0...1_000, of: .section),
                "Times without answers; the reports are answered afterwards, in order."),
            Key("throttle", \.throttle, .optional(.section), "Reports that are answered with UNAVAILABLE."),
            Key("refuse", \.refuse, .optional(.section), "Connection attempts that are refused with an HTTP status."),
            Key("drop", \.drop, .optional(.section), "Connections that are ended without a WebSocket Close."),
            Key(
                "heartbeat_interval", \.heartbeatInterval, .optional(.wholeSeconds(day)),
                "The heartbeat interval that it offers to agents, which they use instead of their own."),
            Key("transport", \.transport, .word { $0.sentence }, "How the fleet connects to it."),
            Key(
                "compression", \.compression, .boolean,
                "Whether it accepts permessage-deflate, gzip and zstd; without, a compressed request is answered 415."
            ),
            Key("close_connections", \.closesConnections, .boolean, "Whether each HTTP answer ends its connection."),
            Key(
                "idle_timeout", \.idleTimeout, .optional(.duration(.milliseconds(10) ... .days(1))),
                "The idle timeout of HTTP connections; 10m without it."),
            Key(
                "silent_timeout", \.silentTimeout, .optional(.duration(.milliseconds(10) ... .days(1))),
                "A WebSocket whose agent has sent nothing for so long is ended: it may be half-open; never without it."
            ),
            Key(
                "echo_sequence", \.echoesSequence, .boolean,
                "Whether answers name their reports to agents with the custom capability `sequence`.",
                omitsDefault: true),
            Key(
                "largest_message", \.largestMessage, .optional(.size(64...(64 << 20))),
                "Larger messages end their connection with code 1009, larger requests are answered 413; 64MiB "
                    + "without it."
            ),
            Key(
                "credentials", \.credentials, .optional(SecretSource.kind("a secret")),
                "Tokens, or `user:password` for Basic, one per line: clients without one of them are answered 401."),
            Key(
                "tls", \.tls, .optional(.section),
                "Its TLS; without it plaintext, unless the profile has `tls`."),
            Key("packages", \.packages, .section, "How it serves package files.", omitsDefault: true),
            .including(\.served),
        ],
        rules: [
            Rule { server, check in
                guard !server.served.channels.isEmpty, server.packages.folder == nil else { return }
                check.contradiction(at: "channels", "channels have files of `packages.folder`; name that folder")
            }
        ])

    fileprivate static let retryAfter = Kind<Nanoseconds?>.optional(.wholeSeconds(day))
}

extension EmbeddedServer.Transport {
    fileprivate var sentence: String {
        switch self {
        case .websocket: "Each agent over a WebSocket."
        case .http: "Agents poll over plain HTTP."
        }
    }
}

extension EmbeddedServer.Pause: Settings {
    public static let standard = EmbeddedServer.Pause(at: .after(.zero), length: .zero)

    public static let schema = Schema<EmbeddedServer.Pause>(
        "pause", "A time in which the server sends no answers.",
        [
            Key("at", \.at, RunTime.kind, "When it begins.", required: true),
            Key("for", \.length, .duration(.zero ... .hours(1)), "How long it lasts.", required: true),
        ])
}

extension EmbeddedServer.Throttle: Settings {
    public static let standard = EmbeddedServer.Throttle(share: 0)

    public static let schema = Schema<EmbeddedServer.Throttle>(
        "throttle", "Reports that are answered with UNAVAILABLE.",
        [
            Key("share", \.share, .share, "The share of the reports, drawn from the seed.", required: true),
            Key("retry_after", \.retryAfter, EmbeddedServer.retryAfter, "The retry time in the answer."),
        ])
}

extension EmbeddedServer.Refusal: Settings {
    public static let standard = EmbeddedServer.Refusal(share: 0)

    private static let status = Kind<Int>.integer(429...503).reading { spot, status in
        if status == 429 || status == 503 { return status }
        spot.report(.outOfRange(found: "\(status)", allowed: "allowed are 429 and 503"))
        return nil
    } mend: {
        $0 < 466 ? 429 : 503
    }

    public static let schema = Schema<EmbeddedServer.Refusal>(
        "refuse", "Connection attempts that are refused with an HTTP status.",
        [
            Key("share", \.share, .share, "The share of the connection attempts, drawn from the seed.", required: true),
            Key("status", \.status, status, "The status, 429 or 503."),
            Key("retry_after", \.retryAfter, EmbeddedServer.retryAfter, "Its Retry-After header."),
        ])
}

extension EmbeddedServer.Drop: Settings {
    public static let standard = EmbeddedServer.Drop(share: 0)

    public static let schema = Schema<EmbeddedServer.Drop>(
        "drop", "Connections that are ended without a WebSocket Close.",
        [
            Key("share", \.share, .share, "The share of the connections, drawn from the seed.", required: true),
            Key("after", \.after, Distribution.kind(), "The time from the accept to the drop."),
        ])
}

extension EmbeddedServer.Packages: Settings {
    public static let standard = EmbeddedServer.Packages()

    public static let schema = Schema<EmbeddedServer.Packages>(
        "server.packages", "How the embedded server serves package files, under `/packages/` on the same port.",
        [
            Key(
                "folder", \.folder, .optional(.path),
                "The folder of the files; the path is relative to the profile's folder."),
            Key("bandwidth", \.bandwidth, .optional(.byteRate), "The limit of each download."),
            Key("break", \.interruption, .optional(.section), "Downloads that are interrupted."),
            Key(
                "credentials", \.ownAccess, .optional(CohortWire.Own.kind(SecretSource.kind("a secret"))),
                "The credentials for the files; `none` needs none. By default the `credentials` of the server."),
        ])

    struct Interruption: Settings {
        var share = 0.0
        var after = EmbeddedServer.Packages.usualBreak

        static let standard = Interruption()
        static let schema = Schema<Interruption>(
            "break", "Downloads that are interrupted.",
            [
                Key("share", \.share, .share, "The share of the downloads, drawn from the seed.", required: true),
                Key("after", \.after, .size(0...(1 << 40)), "The bytes that are sent before."),
            ])
    }

    var interruption: Interruption? {
        get {
            let interruption = Interruption(share: breakShare, after: breakAfter)
            return interruption == .standard ? nil : interruption
        }
        set { (breakShare, breakAfter) = (newValue?.share ?? 0, newValue?.after ?? Self.usualBreak) }
    }

    var ownAccess: CohortWire.Own<SecretSource>? {
        get {
            switch access {
            case .asForOpAMP: nil
            case .anybody: CohortWire.Own.none
            case .secret(let secret): .value(secret)
            }
        }
        set {
            switch newValue {
            case nil: access = .asForOpAMP
            case .some(.none): access = .anybody
            case .some(.value(let secret)): access = .secret(secret)
            }
        }
    }
}
