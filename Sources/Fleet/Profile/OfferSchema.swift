import Basis
import Packages
public import Schema

extension ConfigOffer: Settings {
    public static let standard = ConfigOffer(files: [])

    static let fileList = Kind<[Named<Body>]>.map("files", 0...50, of: Body.kind, names: 0...100)
        .converted({ $0.map { File(name: $0.name, body: $0.value) } }, { $0.map { Named($0.name, $0.body) } })

    public static let schema = Schema<ConfigOffer>(
        "offer_config", "The server offers a configuration, until it is withdrawn or a later one replaces it.",
        [
            Key("name", \.name, .optional(.name), "The name to withdraw it by."),
            Key(
                "files", \.files, fileList,
                "The files by their names; none is an empty configuration, which clears what there is.",
                required: true),
            Key("content_type", \.contentType, .text(0...100), "The MIME type of the files."),
            Key("to", \.target, EventTarget.kind, "The agents that it is for."),
        ])
}

extension ConfigOffer.Body {
    /// With all its quoting a text still has to fit into a profile.
    private static let maxText = 64 << 10

    static let kind = Kind<ConfigOffer.Body>.oneOf(
        wanted: "the file's text, {size: 4KiB}, {file: path} or {path: path}"
    ) { forms in
        let text = forms.scalar(.text(0...maxText), "The file's text.") { .text($0) }
        let size = forms.key(
            "size", .size(64...(8 << 20)),
            "A generated collector configuration of that size, another one in each offer."
        ) { .generated(bytes: $0) }
        _ = forms.key(
            "file", .fileText(maxText, tooLarge: "; write {path: ...}, or for size alone {size: ...}"),
            "The text of a file; the path is relative to the profile's folder. The profile that is kept has the text."
        ) { .text($0) }
        let path = forms.key(
            "path", .path, "A file of up to 60MiB, read when the run begins; the profile that is kept has its path."
        ) { .path($0) }
        return { value in
            switch value {
            case .text(let content): text(content)
            case .generated(let bytes): size(bytes)
            case .path(let name): path(name)
            }
        }
    }
}

extension PackageOffer: Settings {
    public static let standard = PackageOffer(packages: [])

    private static let list = Kind<[Named<Package>]>.map("packages", 1...50, of: .section)
        .converted(
            { $0.map { $0.value.named($0.name) } }, { $0.map { Named($0.name, $0) } }
        )
        .reading { spot, packages in
            for package in packages where package.version.isEmpty {
                spot.report(.missingKey("version"), at: "\(package.name).version")
            }
            return packages
        } mend: { packages in
            packages.map { package in
                var package = package
                if package.version.isEmpty { package.version = "1" }
                return package
            }
        }

    public static let schema = Schema<PackageOffer>(
        "offer_packages", "The server offers packages: the complete set for an agent.",
        [
            Key("name", \.name, .optional(.name), "The name to withdraw them by."),
            Key("packages", \.packages, list, "The packages by their names; at most one is top-level.", required: true),
            Key("to", \.target, EventTarget.kind, "The agents that they are for."),
        ])
}

extension PackageOffer.Package: Settings {
    public static let standard = PackageOffer.Package(name: "", version: "")

    public static let schema = Schema<PackageOffer.Package>(
        "offered package", "A package that the server offers.",
        [
            Key(
                "version", \.version, .text(1...100),
                "Its version; required unless the file's name contains it (`collector-0.115.0.tar.gz`)."),
            Key("type", \.form, .word { $0.sentence }, "Whether it is the agent itself or an addon."),
            Key("signed", \.isSigned, .boolean, "Whether the file has a signature: the file `….sig` beside it."),
            Key(
                "file", \.file, .optional(.text(1...4_096)),
                "Its file, in `server.embedded.packages.folder`. The hash is computed."),
            Key(
                "generated", \.generated, .optional(.size((2 << 10)...(1 << 30))),
                "Instead of a file: a generated archive of that size; if signed, by a key of the run that agents "
                    + "trust."
            ),
            Key("wrong", \.flaw, .optional(.word { $0.sentence }), "A fault of the offer."),
        ],
        rules: [
            Rule { _, check in
                guard check.isGiven("file"), check.isGiven("generated") else { return }
                check.contradiction(
                    at: "file", "a package has a `file` of the server's folder, or is `generated`, not both")
            }
        ])

    var file: String? {
        get { if case .file(let name) = content { name } else { nil } }
        set { if let newValue { content = .file(newValue) } }
    }

    var generated: Int? {
        get { if case .generated(let bytes) = content { bytes } else { nil } }
        set { if let newValue { content = .generated(bytes: newValue) } }
    }

    /// With its name, and the version that its file's name has where it says none.
    fileprivate func named(_ name: String) -> PackageOffer.Package {
        var package = self
        package.name = name
        if version.isEmpty, let file, let found = PackageFileName.version(of: file, package: name) {
            package.version = found
        }
        return package
    }
}

extension PackageOffer.Form {
    fileprivate var sentence: String {
        switch self {
        case .topLevel: "The agent itself."
        case .addon: "An addon to it."
        }
    }
}

extension PackageOffer.Flaw {
    fileprivate var sentence: String {
        switch self {
        case .hash: "The offered hash is that of another file."
        case .signature: "The signature is that of another file."
        case .signer: "The signature is by an unknown signer."
        }
    }
}

extension ConnectionOffer: Settings {
    public static let standard = ConnectionOffer()

    /// Headers or settings, names to texts.
    fileprivate static func pairs(_ noun: String) -> Kind<[Header]> {
        Kind<[Named<String>]>.map(noun, 0...20, of: .text(0...4_000)).concealed { _ in true }
            .converted({ $0.map { Header(name: $0.name, value: $0.value) } }, { $0.map { Named($0.name, $0.value) } })
    }

    fileprivate static let endpoint = Kind<String>.text(0...1_000).showing(Redaction.url)

    private static let others = Kind<[Named<Other>]>.map("other connections", 0...20, of: .section).converted(
        {
            $0.map { named in
                var other = named.value
                other.name = named.name
                return other
            }
        }, { $0.map { Named($0.name, $0) } })

    public static let schema = Schema<ConnectionOffer>(
        "offer_connection",
        "The server offers connection settings. In an endpoint `{{server}}` is the host and port of the run's own "
            + "server, which accepts OTLP under `/v1/metrics`, `/v1/traces` and `/v1/logs`, counts it and keeps none "
            + "of it.",
        [
            Key("name", \.name, .optional(.name), "The name to withdraw them by."),
            Key(
                "opamp", \.opamp, .optional(OpAMP.kind),
                "Where agents find their server. They connect as offered, and return to the former settings where it "
                    + "does not answer: `settings_committed` and `settings_reverted` count which."),
            Key("own_metrics", \.ownMetrics, .optional(Destination.kind), "Where agents send their own metrics."),
            Key("own_traces", \.ownTraces, .optional(Destination.kind), "Where agents send their own traces."),
            Key("own_logs", \.ownLogs, .optional(Destination.kind), "Where agents send their own logs."),
            Key("other", \.others, others, "Other connections of agents, by name.", omitsDefault: true),
            Key("to", \.target, EventTarget.kind, "The agents that they are for."),
        ],
        rules: [
            Rule { offer, check in
                guard offer.isEmpty else { return }
                check.contradiction(
                    "an offer has at least one of 'opamp', 'own_metrics', 'own_traces', 'own_logs', 'other'")
            }
        ])
}

extension ConnectionOffer.Destination: Settings {
    public static let standard = ConnectionOffer.Destination()

    static let kind = Kind<ConnectionOffer.Destination>.oneOf { forms in
        _ = forms.scalar(ConnectionOffer.endpoint, "The address, with the same headers.") {
            ConnectionOffer.Destination(endpoint: $0)
        }
        let section = forms.section("The address with its own headers.")
        return { section($0) }
    }

    public static let schema = Schema<ConnectionOffer.Destination>(
        "destination", "A destination for own telemetry, over http or https.",
        [
            Key("endpoint", \.endpoint, ConnectionOffer.endpoint, "The address.", required: true),
            Key("headers", \.headers, ConnectionOffer.pairs("headers"), "Headers of the requests.", omitsDefault: true),
        ])
}

extension ConnectionOffer.OpAMP: Settings {
    public static let standard = ConnectionOffer.OpAMP(destination: ConnectionOffer.Destination())

    static let kind = Kind<ConnectionOffer.OpAMP>.oneOf { forms in
        _ = forms.scalar(ConnectionOffer.endpoint, "The address alone.") {
            ConnectionOffer.OpAMP(destination: ConnectionOffer.Destination(endpoint: $0))
        }
        let section = forms.section("The address, or other parts alone.")
        return { section($0) }
    }

    public static let schema = Schema<ConnectionOffer.OpAMP>(
        "offered server", "Settings of the OpAMP connection.",
        [
            Key(
                "endpoint", \.destination.endpoint, ConnectionOffer.endpoint,
                "The address; without it, the present one.",
                omitsDefault: true),
            Key(
                "headers", \.destination.headers, ConnectionOffer.pairs("headers"), "Headers of the upgrade.",
                omitsDefault: true),
            Key(
                "heartbeat", \.heartbeat, .optional(TimedEvent.Action.HeartbeatOffer.interval),
                "The heartbeat interval; by default the server's or the fleet's. 0s: no heartbeats."),
        ])
}

extension ConnectionOffer.Other: Settings {
    public static let standard = ConnectionOffer.Other(name: "", destination: ConnectionOffer.Destination())

    public static let schema = Schema<ConnectionOffer.Other>(
        "other connection", "Another connection of agents.",
        [
            Key("endpoint", \.destination.endpoint, ConnectionOffer.endpoint, "The address.", omitsDefault: true),
            Key(
                "headers", \.destination.headers, ConnectionOffer.pairs("headers"), "Headers of the requests.",
                omitsDefault: true),
            Key(
                "settings", \.settings, ConnectionOffer.pairs("settings"), "Other settings by name.",
                omitsDefault: true),
        ])
}
