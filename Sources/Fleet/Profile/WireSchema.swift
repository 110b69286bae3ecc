import Basis
public import Schema

extension CompressionProfile: Settings {
    public static let standard = CompressionProfile.off

    static let kind = Kind<CompressionProfile>.oneOf { forms in
        _ = forms.word("on", .on, "permessage-deflate on WebSockets, gzip for requests over plain HTTP.")
        _ = forms.word("off", .off, "Nothing.")
        let section = forms.section("What is said there.")
        return { section($0) }
    }

    public static let schema = Schema<CompressionProfile>(
        "compression", "What is compressed. Size limits hold after decompression.",
        [
            Key("websocket", \.websocket, .boolean, "Whether permessage-deflate is offered, without a context."),
            Key(
                "requests", \.requests, .word { $0.sentence },
                "How request bodies over plain HTTP are encoded. After a 415 the pool uses a coding that the server "
                    + "names."
            ),
            Key("threshold", \.threshold, .size(0...(1 << 20)), "Smaller messages are not compressed."),
            Key(
                "level", \.level, .optional(.integer(1...19)),
                "The level of zlib (up to 9) or zstd; without it, the library's default."),
        ])
}

extension CompressionProfile.Requests {
    fileprivate var sentence: String {
        switch self {
        case .plain: "As they are."
        case .gzip: "With gzip."
        case .zstd: "With zstd."
        }
    }
}

extension WebSocketProfile: Settings {
    public static let standard = WebSocketProfile()

    public static let schema = Schema<WebSocketProfile>(
        "websocket", "How agents use their WebSockets.",
        [
            Key(
                "frame_size", \.frameBytes, .optional(.size(1...(1 << 30)), none: "unlimited"),
                "The largest frame that agents send; larger messages are fragmented. Many clients in Go write 4096B."),
            Key(
                "silence_timeout", \.silenceTimeout,
                .optional(.duration(.milliseconds(100) ... .days(1)), none: "never"),
                "An agent that has received nothing for so long closes its connection and reconnects."),
        ])
}

extension PollingProfile: Settings {
    public static let standard = PollingProfile()
    private static let times = Nanoseconds.milliseconds(10)...Nanoseconds.days(1)

    public static let schema = Schema<PollingProfile>(
        "polling", "How agents poll over plain HTTP, and the pool of connections that they share.",
        [
            Key(
                "interval", \.interval, .optional(.duration(times)),
                "The longest time between two polls; by default the heartbeat interval, or 30s without heartbeats."),
            Key(
                "connections", \.connections, .integer(1...20_000),
                "The limit of connections of the process to one address of the server."),
            Key(
                "own_connections", \.isPerAgent, .boolean,
                "Whether each agent has a connection of its own, as most clients do, instead of one of the pool's."),
            Key("idle_timeout", \.idleTimeout, .duration(times), "The idle timeout of a connection."),
            Key(
                "acquire_timeout", \.acquireTimeout, .duration(ProfileLimits.timeouts),
                "The time limit of the wait for a connection; then the request fails, counted as `pool_timeouts`."),
            Key(
                "maximum_age", \.maximumAge, .optional(.duration(times)),
                "The age above which a connection is not used again."),
            Key(
                "queue", \.queue, .integer(1...10_000_000),
                "The limit of requests that wait for a connection on each shard; further ones fail at once."),
        ])
}

extension SecretSource {
    static let wanted = "{env: NAME} or {file: path}"

    /// A text in its place is not repeated: it may be the secret.
    static func kind(_ what: String) -> Kind<SecretSource> {
        plain.refusingTexts("\(what) would show in the results; write \(wanted) in its place")
    }

    private static let plain = Kind<SecretSource>.oneOf(wanted: wanted) { forms in
        let variable = forms.key("env", name, "The environment variable of that name.", SecretSource.environment)
        let file = forms.key("file", .path, fileSentence, SecretSource.file)
        return { value in
            switch value {
            case .environment(let name): variable(name)
            case .file(let path): file(path)
            }
        }
    }

    fileprivate static let fileSentence = "A file with one line for all agents, or one line per agent."

    fileprivate static let name: Kind<String> = {
        let wanted = "the name of an environment variable"
        return .scalar(
            "name of an environment variable", wanted: wanted, example: "NAME", quotes: true, sample: { _ in "NAME" },
            format: { $0 }
        ) { text, _ throws(Problem.Kind) in
            guard (1...100).contains(text.utf8.count), !text.contains("="), !text.contains("\0") else {
                throw .badValue(found: text, wanted: wanted)
            }
            return text
        }
    }()
}

extension TextSource {
    static let kind = Kind<TextSource>.oneOf(wanted: "text, \(SecretSource.wanted)") { forms in
        let text = forms.scalar(
            .template(0...4_096), "Text, in which `{{index}}` and the other words of attributes are the agent's own.",
            TextSource.text)
        let variable = forms.key("env", SecretSource.name, "The environment variable of that name.") {
            .secret(.environment($0))
        }
        let file = forms.key("file", .path, SecretSource.fileSentence) { .secret(.file($0)) }
        return { value in
            switch value {
            case .text(let content): text(content)
            case .secret(.environment(let name)): variable(name)
            case .secret(.file(let path)): file(path)
            }
        }
    }

    fileprivate var hasTemplate: Bool { if case .text(let text) = self { text.contains("{{") } else { false } }
}

extension HeaderProfile {
    /// Headers by their names, which are compared without case.
    static let list = Kind<[Named<TextSource>]>.map("headers", 0...WireRules.maxHeaders, of: TextSource.kind)
        .concealed { !HeaderProfile.isHarmless($0) }
        .converted({ $0.map { HeaderProfile($0.name, $0.value) } }, { $0.map { Named($0.name, $0.value) } })
        .reading { spot, headers in
            var names: Set<String> = []
            for header in headers {
                let isOption = spot.child(header.name)?.isOption ?? false
                if let objection = WireRules.objection(to: header, isOption: isOption) {
                    spot.report(objection, at: header.name)
                }
                if !names.insert(header.name.lowercased()).inserted {
                    spot.report(.contradiction("duplicate header; names are compared without case"), at: header.name)
                }
            }
            return headers
        } mend: { headers in
            headers.map { HeaderProfile($0.name, $0.value.hasControlCharacter ? .text("") : $0.value) }
        }
}

extension AuthProfile {
    static let kind = Kind<AuthProfile>.oneOf(wanted: "'bearer' or 'basic', one of the two") { forms in
        let bearer = forms.key("bearer", token, "`Authorization: Bearer …`.", AuthProfile.bearer)
        let basic = forms.key("basic", Kind<Basic>.section, "`Authorization: Basic …`.") {
            .basic(user: $0.user, password: $0.password)
        }
        return { value in
            switch value {
            case .bearer(let source): bearer(source)
            case .basic(let user, let password): basic(Basic(user: user, password: password))
            }
        }
    }.refusingTexts("credentials would show in the results; write {bearer: {env: NAME}} in their place")

    /// A fixed token would be the same for all agents, so a token in the text must have a placeholder: it is generated.
    private static let token = TextSource.kind.concealed().checked { source in
        if case .text = source, !source.hasTemplate {
            return "a token would show in the results; write \(SecretSource.wanted) in its place"
        }
        return nil
    } mend: { source in
        if case .text = source { .text("token-{{index}}") } else { source }
    }

    struct Basic: Settings {
        var user = ""
        var password = SecretSource.environment("")

        static let standard = Basic()
        private static let name: Kind<String> = .text(0...4_096).reading { spot, user in
            if !user.contains(":") { return user }
            spot.report(.wrongType(found: "a text with a colon", wanted: "a name without a colon"))
            return nil
        } mend: {
            $0.replacing(":", with: "")
        }
        static let schema = Schema<Basic>(
            "basic", "A user and a password.",
            [
                Key("user", \.user, name, "The user's name.", required: true),
                Key("password", \.password, SecretSource.kind("a password"), "The password.", required: true),
            ])
    }
}

extension ProxyProfile: Settings {
    public static let standard = ProxyProfile(url: ServerURL(scheme: .http, host: "", port: 0))

    static let kind = Kind<ProxyProfile>.oneOf(wanted: "http://host:port") { forms in
        _ = forms.scalar(address, "Its address.") { ProxyProfile(url: $0) }
        let section = forms.section("With headers or credentials.")
        return { section($0) }
    }

    private static let address = Kind<ServerURL>.scalar(
        "`http://host:port`", wanted: "http://host:port", example: "http://proxy:3128", quotes: true,
        sample: { ServerURL(scheme: .http, host: "proxy", port: 1 + $0.index(below: 65_535)) },
        format: { "\($0.scheme.rawValue)://\($0.bracketedHost):\($0.port)" }
    ) { text, _ throws(Problem.Kind) in
        do throws(ServerURLError) { return try url(text) } catch { throw .contradiction(Problem.quoted("\(error)")) }
    }

    public static let schema = Schema<ProxyProfile>(
        "proxy", "An HTTP proxy that opens tunnels to the server with CONNECT and resolves the server's name.",
        [
            Key("url", \.url, address, "Its address, with the port.", required: true),
            Key("headers", \.headers, HeaderProfile.list, "Headers for the proxy alone.", omitsDefault: true),
            Key("auth", \.auth, .optional(AuthProfile.kind), "Credentials for the proxy alone."),
        ],
        rules: [
            Rule { proxy, check in
                let what = "the proxy's connections are shared, so all agents show it the same; remove '{{'"
                if proxy.headers.contains(where: \.value.hasTemplate) { check.contradiction(\.headers, what) }
                switch proxy.auth {
                case .bearer(let source) where source.hasTemplate: check.contradiction(\.auth, what)
                case .basic(let user, _) where user.contains("{{"): check.contradiction(\.auth, what)
                default: break
                }
            }
        ])
}

extension CohortWire {
    /// What a cohort has instead of the fleet's.
    static let keys: [Key<CohortProfile>] = [
        Key("compression", \.wire.compression, .optional(CompressionProfile.kind), "What is compressed."),
        Key(
            "headers", \.wire.headers, HeaderProfile.list,
            "Added to the fleet's, instead of those of the same name.", omitsDefault: true),
        Key("auth", \.wire.auth, .optional(Own.kind(AuthProfile.kind)), "Instead of the fleet's credentials."),
        Key("proxy", \.wire.proxy, .optional(Own.kind(ProxyProfile.kind)), "Instead of the fleet's proxy."),
    ]
}

extension CohortWire.Own {
    /// `none` is without.
    static func kind(_ kind: Kind<Value>) -> Kind<Self> {
        Kind<Value?>.optional(kind, none: "none").converted(
            { $0.map { .value($0) } ?? .none },
            { own in
                switch own {
                case .none: nil
                case .value(let value): value
                }
            })
    }
}

/// What has to hold of headers, and between the parts of how connections are made.
enum WireRules {
    static let maxHeaders = 32

    static let rules: [Rule<Profile>] = [
        Rule { profile, check in
            judge(profile.wire) { check.contradiction(at: $0, $1) }
            for (cohort, check) in check.each(\.cohorts, in: profile) where cohort.wire != CohortWire() {
                let wire = profile.wire(of: cohort)
                judge(wire) { check.contradiction(at: $0, $1) }
                if wire.headers.count > maxHeaders {
                    check.contradiction(
                        at: "headers",
                        "with the fleet's there are \(wire.headers.count), allowed are up to \(maxHeaders)")
                }
            }
        }
    ]

    private static func judge(_ wire: WireProfile, _ report: (_ way: String, _ what: String) -> Void) {
        if let level = wire.compression.level, level > 9,
            wire.compression.requests != .zstd || wire.compression.websocket
        {
            report("compression.level", "zlib's levels end at 9; only zstd has higher ones, for requests alone")
        }
        func has(_ name: String, _ headers: [HeaderProfile]) -> Bool {
            headers.contains { $0.name.lowercased() == name }
        }
        if wire.auth != nil, has("authorization", wire.headers) {
            report("auth", "there is a header 'Authorization' too; remove one of the two")
        }
        if let proxy = wire.proxy, proxy.auth != nil, has("proxy-authorization", proxy.headers) {
            report("proxy.auth", "there is a header 'Proxy-Authorization' too; remove one of the two")
        }
    }

    /// The fields that the connection sets itself.
    private static let reserved: Set<String> = [
        "host", "connection", "upgrade", "content-length", "transfer-encoding", "content-encoding", "content-type",
        "accept-encoding", "opamp-instance-uid", "expect", "te", "trailer",
    ]

    /// The problem with a header; nil if there is none.
    /// - Parameter isOption: it was given on the command line.
    static func objection(to header: HeaderProfile, isOption: Bool) -> Problem.Kind? {
        let name = header.name.lowercased()
        let isName =
            !name.isEmpty
            && name.utf8.allSatisfy { byte in
                NumberText.isDigit(byte) || (97...122).contains(byte) || "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
        if !isName { return .badValue(found: header.name, wanted: "a header's name: letters, digits and '-'") }
        if reserved.contains(name) || name.hasPrefix("sec-websocket-") {
            return .contradiction("'\(header.name)' belongs to the connection and cannot be set")
        }
        guard case .text = header.value else { return nil }
        if header.isSecret, isOption {
            return .contradiction(
                "the value of '\(header.name)' would show in the list of processes; give a token with --token-file "
                    + "FILE or the environment variable MUSTER_TOKEN, anything else in a profile: headers: "
                    + "{\(header.name): {env: NAME}}"
            )
        }
        if header.isSecret {
            return .contradiction(
                "the value of '\(header.name)' would show in the results; write \(SecretSource.wanted) in its place")
        }
        if header.value.hasControlCharacter {
            return .contradiction("the value of '\(header.name)' holds a control character: keep it on one line")
        }
        return nil
    }
}

extension TextSource {
    fileprivate var hasControlCharacter: Bool {
        guard case .text(let text) = self else { return false }
        return text.utf8.contains { $0 < 0x20 && $0 != 9 || $0 == 0x7F }
    }
}
