public import AgentModel
import Basis
import Matching
public import Schema

extension CohortProfile: Settings {
    public static let standard = CohortProfile()

    public static let schema = Schema<CohortProfile>(
        "cohort", "A kind of agents. The fleet is divided among the cohorts by their weights.",
        identity + load + abilities + CohortWire.keys + troubles + coming)

    /// The keys that may also be given beside `cohorts`, for all.
    static let common: [Key<CohortProfile>] = load + abilities + troubles + coming

    private static let identity: [Key<CohortProfile>] = [
        Key("name", \.name, .name, "For `{{cohort}}` in attributes; its row in results.", required: true),
        Key("weight", \.weight, CohortWeight.kind, "Its part of the fleet, relative to the other weights."),
        Key(
            "population", \.population, PopulationStage.list,
            "The number of its agents over time, in stages; shares are of its part of the fleet.", omitsDefault: true),
    ]

    private static let load: [Key<CohortProfile>] = [
        Key(
            "zones", \.zones, .list("zones", 1...1_000, of: .text(1...1_000)),
            "The values of `{{zone}}`; each agent is in one of them, drawn from the seed."),
        Key("attributes", \.attributes, .section),
        Key("heartbeat", \.heartbeat, .section),
        Key("batch", \.batch, .section),
        Key("report", \.report, .section),
        Key("reconnect", \.reconnect, ReconnectPolicy.kind, "How it reconnects after a failure or a loss."),
        Key(
            "reconnect_report", \.reconnectReport, .word { $0.sentence },
            "The content of the first report of a later connection, besides the fields of every report."),
        Key("mode", \.mode, LoadForm.kind, "When an agent sends its next report: at a fixed time or after the answer."),
        Key(
            "pings", \.pings, .word { $0.sentence },
            "Whether WebSocket Pings are sent to tell which report an answer belongs to; real agents send none.",
            omitsDefault: true),
        Key("gateway", \.gateway, .section, omitsDefault: true),
    ]

    private static let abilities: [Key<CohortProfile>] = [
        Key("remote_config", \.remoteConfig, .section),
        Key("packages", \.packages, .section, omitsDefault: true),
        Key("connection_settings", \.connectionSettings, .section),
        Key(
            "custom_capabilities", \.customAbilities, .list("capabilities", 0...4, of: .word, unique: true),
            "The custom messages that it supports; `sequence`: answers that name their reports, docs/matching.md."),
        Key("own_telemetry", \.ownTelemetry, .section, omitsDefault: true),
        Key(
            "capability_changes", \.capabilityChanges, .list("changes", 0...16, of: .section),
            "Changes of its capabilities while it runs.", omitsDefault: true),
        Key(
            "client_certificate", \.clientCertificate, ClientCertificate.kind,
            "The certificate for a server that requests one.", omitsDefault: true),
    ]

    private static let coming: [Key<CohortProfile>] = [
        Key(
            "pace", \.pace, .list("changes", 0...1_000, of: .section),
            "Changes of how often its agents send heartbeats or poll.", omitsDefault: true),
        Key(
            "lifetime", \.lifetime, .optional(Distribution.kind(.milliseconds(1) ... .days(31))),
            "How long an agent lives before it leaves.", omitsDefault: true),
        Key(
            "leave", \.leave, LeavePlan.shortKind, "How an agent leaves at the end of its lifetime.",
            omitsDefault: true),
        Key(
            "connection_age", \.connectionAge, .optional(Distribution.kind(.milliseconds(1) ... .days(31))),
            "How long a WebSocket lives before the agent ends it and connects again.", omitsDefault: true),
        Key(
            "connection_end", \.connectionEnd, LeaveMix.kind, "How an agent ends a connection of that age.",
            omitsDefault: true),
    ]

    private static let troubles: [Key<CohortProfile>] = [
        Key("health", \.health, .section, omitsDefault: true),
        Key("faults", \.faults, .section, omitsDefault: true),
        Key("restart", \.restart, .section),
        Key(
            "link", \.link, LinkProfile.kind, "The slow network between an agent and its server.", omitsDefault: true),
    ]
}

extension CohortWeight {
    static let kind = Kind<CohortWeight>.scalar(
        "above 0 to 1,000,000, at most three decimals", wanted: wanted, example: "1",
        json: ["type": "number", "minimum": 0, "maximum": 1_000_000],
        sample: { CohortWeight(whole: 1 + $0.index(below: 1_000)) }, format: \.description
    ) { text, plain throws(Problem.Kind) in
        guard plain, NumberText.isNumber(text) else {
            throw .wrongType(found: plain ? "'\(text)'" : "the text '\(text)'", wanted: wanted)
        }
        guard let weight = CohortWeight(text) else { throw .outOfRange(found: text, allowed: "allowed is \(wanted)") }
        return weight
    }
}

extension CohortProfile {
    /// The attributes under their key.
    struct Attributes: Settings {
        var identifying: [AttributeTemplate] = []
        var nonIdentifying: [AttributeTemplate] = []

        static let standard = Attributes()
        private static let kind = Kind<[Named<String>]>.map(
            "attributes", 0...100, of: .template(0...10_000), names: 1...200, replaces: false
        ).converted(
            { $0.map { AttributeTemplate(key: $0.name, text: $0.value) } }, { $0.map { Named($0.key, $0.text) } })

        static let schema = Schema<Attributes>(
            "attributes", "What agents report about themselves, added to a collector's attributes.",
            [
                Key("identifying", \.identifying, kind, "The attributes that identify an agent."),
                Key("non_identifying", \.nonIdentifying, kind, "Other attributes."),
            ])
    }

    var attributes: Attributes {
        get { Attributes(identifying: identifying, nonIdentifying: nonIdentifying) }
        set { (identifying, nonIdentifying) = (newValue.identifying, newValue.nonIdentifying) }
    }

    /// The gateways under their key.
    struct Gateways: Settings {
        var members = 0

        static let standard = Gateways()
        static let schema = Schema<Gateways>(
            "gateway", "Agents that connect through one of them.",
            [
                // Every event of a gateway looks at each of its members.
                Key(
                    "members", \.members, .integer(0...Gateway.memberLimit),
                    "How many agents connect through each gateway; 0: each has a connection of its own.", required: true
                )
            ])
    }

    var gateway: Gateways {
        get { Gateways(members: gatewayMembers) }
        set { gatewayMembers = newValue.members }
    }
}

extension HeartbeatProfile: Settings {
    public static let standard = HeartbeatProfile()

    public static let schema = Schema<HeartbeatProfile>(
        "heartbeat", "When an agent sends heartbeats.",
        [
            Key("enabled", \.enabled, .boolean, "Whether agents send heartbeats; over plain HTTP they still poll."),
            Key(
                "interval", \.interval, .duration(.milliseconds(10) ... .days(1)),
                "From one heartbeat to the next, until a server offers another interval.", option: "--heartbeat"),
            Key("jitter", \.jitter, .share, "How far one may deviate from its time, as a share of the interval."),
            Key("phase", \.phase, .word { $0.sentence }, "How the heartbeats of a cohort are distributed in time."),
        ])
}

extension HeartbeatPhase {
    fileprivate var sentence: String {
        switch self {
        case .spread: "The beats fall evenly over the interval, as in a fleet that grew over weeks."
        case .fromConnection: "Each counts from when it connected, as real clients do."
        case .lockstep: "All at the same moments: the worst case."
        }
    }
}

extension BatchPlan: Settings {
    public static let standard = BatchPlan()

    public static let schema = Schema<BatchPlan>(
        "batch", "How status changes that come close together are joined.",
        [
            Key(
                "window", \.window, .duration(.zero ... .hours(1)),
                "From the first change to the report; 0 reports each change at once."),
            Key(
                "size", \.size, .integer(1...1_000),
                "With this many waiting changes, the report is sent before the window is over."),
        ])
}

extension ReportSizes: Settings {
    public static let standard = ReportSizes()

    public static let schema = Schema<ReportSizes>(
        "report", "How much an agent has to report.",
        [
            Key(
                "effective_config", \.effectiveConfigBytes, .size(0...ReportSizes.maximumConfigBytes),
                "Its configuration."),
            Key(
                "available_components", \.availableComponents, .integer(0...ReportSizes.maximumComponents),
                "Receivers, processors, exporters and extensions in its build."),
            Key(
                "health_pipelines", \.healthPipelines, .integer(0...ReportSizes.maximumPipelines),
                "Pipelines in its health tree, each with a receiver, two processors and an exporter."),
        ])
}

extension ReconnectReport {
    fileprivate var sentence: String {
        switch self {
        case .unconfirmedChanges: "What has changed, and what was reported but never confirmed by an answer."
        case .changes: "Only what has changed since it was last sent, as opamp-go's client does."
        case .full: "The whole status."
        }
    }
}

extension PingPolicy {
    fileprivate var sentence: String {
        switch self {
        case .never: "None: where reports overlap, more answers are known only within bounds."
        case .inDoubt: "Only before a report that overtakes one without an answer, and to find out whether that helps."
        case .always: "With every report. It costs the server nearly as much as the report."
        }
    }
}

extension LoadForm {
    static let kind = Kind<LoadForm>.oneOf(tag: "loop", wanted: "open, closed or {loop: closed, think: 10ms}") {
        forms in
        let openLoop = forms.word(
            "open", .openLoop, "Heartbeats are due at fixed times, also if the server is slow.")
        let closed = forms.tag("closed", "Each answer is followed by the next report; there are no heartbeats.") {
            (loop: Closed) in .closedLoop(think: loop.think)
        }
        return { value in
            switch value {
            case .openLoop: openLoop
            case .closedLoop(let think): closed(Closed(think: think))
            }
        }
    }

    struct Closed: Settings {
        var think = Distribution.constant(.zero)

        static let standard = Closed()
        static let schema = Schema<Closed>(
            "closed loop", "Each answer is followed by the next report.",
            [Key("think", \.think, Distribution.kind(), "The time from the answer to the report.")])
    }
}

extension RestartProfile: Settings {
    public static let standard = RestartProfile()

    public static let schema = Schema<RestartProfile>(
        "restart", "How agents restart.",
        [
            Key("form", \.form, .word { $0.sentence }, "What the server's restart command restarts."),
            Key("downtime", \.downtime, Distribution.kind(), "How long a process is down at a restart or crash."),
        ])
}

extension RestartForm {
    fileprivate var sentence: String {
        switch self {
        case .supervised: "The collector alone: its supervisor keeps the connection."
        case .whole: "The whole process, and the connection with it."
        }
    }
}

extension RemoteConfigPlan: Settings {
    public static let standard = RemoteConfigPlan()

    public static let schema = Schema<RemoteConfigPlan>(
        "remote_config", "How agents apply the configurations that the server offers.",
        [
            Key(
                "apply_time", \.applyTime, Distribution.kind(),
                "From the offer to the outcome; 0 reports no APPLYING."),
            Key(
                "failure_share", \.failureOdds, .share,
                "The share of valid configurations that fail to apply, drawn from the seed."),
            Key(
                "allowed_settings", \.allowedSettings,
                .optional(.list("settings", 0...100, of: .text(1...1_000)), none: "any"),
                "The top-level settings that a configuration may have; others make it fail."),
            Key(
                "history_limit", \.historyLimit, .integer(1...RemoteConfigPlan.maximumHistory),
                "How many working configurations are kept for a roll-back."),
            Key(
                "watchers", \.watchers, .list("watchers", 0...100, of: .section),
                "Parts of the agent that react to a changed setting."),
        ])
}

extension ConfigWatcher: Settings {
    public static let standard = ConfigWatcher(setting: "", reaction: .restartPipelines)

    public static let schema = Schema<ConfigWatcher>(
        "watcher", "A part of an agent that subscribes to a setting of its configuration.",
        [
            Key("setting", \.setting, .text(1...1_000), "The top-level setting, such as `service`.", required: true),
            Key("reaction", \.reaction, .word, "The reaction to a change."),
        ])
}

extension ConnectionSettingsProfile: Settings {
    public static let standard = ConnectionSettingsProfile()

    public static let schema = Schema<ConnectionSettingsProfile>(
        "connection_settings", "Which connection settings agents accept.",
        [
            Key("opamp", \.opamp, .boolean, "Those of its OpAMP connection, with the heartbeat interval."),
            Key("other", \.other, .boolean, "Those of other connections."),
            Key(
                "certificate_request", \.certificateRequest, .boolean,
                "Whether it requests a client certificate from the server, and uses it."),
            Key(
                "drops_certificate", \.dropsCertificate, .boolean,
                "Whether settings without a certificate remove the present one, as the specification says."),
            Key(
                "allow_plaintext_offers", \.allowsPlaintextOffers, .boolean,
                "Whether an agent that is connected over TLS uses an offered endpoint without TLS."),
            Key(
                "allow_unverified_offers", \.allowsUnverifiedOffers, .boolean,
                "Whether an agent uses offered settings that switch off the verification of the server's certificate."),
        ])
}

extension OwnTelemetryProfile: Settings {
    public static let standard = OwnTelemetryProfile()

    public static let schema = Schema<OwnTelemetryProfile>(
        "own_telemetry", "The agents' own telemetry, sent once a server has offered a destination.",
        [
            Key(
                "signals", \.signals, .list("words", 0...Signal.allCases.count, of: .word, unique: true),
                "The declared kinds; all if only the interval is given."),
            Key("interval", \.interval, .duration(.milliseconds(100) ... .days(1)), "Between two exports."),
        ],
        completing: { telemetry, given in
            // To say how often is to say that it is done.
            if !given(\.signals), telemetry.signals.isEmpty { telemetry.signals = Signal.allCases }
        })
}

extension CapabilityChangeProfile: Settings {
    public static let standard = CapabilityChangeProfile(after: .zero)
    private static let words = Kind<[CapabilityWord]>.list(
        "words", 0...CapabilityWord.allCases.count, of: .word, unique: true)

    public static let schema = Schema<CapabilityChangeProfile>(
        "capability change", "A change of what agents declare while they run.",
        [
            Key("after", \.after, .duration(.zero ... .days(31)), "Since the agent's first start.", required: true),
            Key("add", \.adds, words, "Capabilities that it declares from then on."),
            Key("remove", \.removes, words, "Capabilities that it no longer declares."),
        ])
}

/// What has to hold between the cohorts of a profile, and between them and the rest of it.
enum CohortRules {
    static let rules: [Rule<Profile>] = [
        Rule { profile, check in
            var names: Set<String> = []
            for (cohort, check) in check.each(\.cohorts, in: profile) {
                if !names.insert(cohort.name).inserted {
                    check.contradiction(\.name, "another cohort is called '\(cohort.name)' too; give each its own name")
                }
                if profile.isPolling, cohort.gatewayMembers > 0 {
                    check.contradiction(
                        \.gateway,
                        "agents behind a gateway share a WebSocket, and over plain HTTP there is none; write ws://")
                }
            }
        },
        Rule { profile, check in
            if CohortShares(profile.cohorts.map(\.weight)) == nil {
                check.contradiction(
                    \.cohorts,
                    "the weights are too fine to divide the fleet exactly; use smaller or rounder numbers, such as "
                        + "1, 2 or 0.5"
                )
            }
        },
        Rule { profile, check in
            for (path, time) in times(in: profile) where time.offset(in: profile.duration) >= profile.duration {
                check.contradiction(at: path, time.overdue(in: profile.duration))
            }
        },
    ]

    /// All times of the run that the profile names, each with its keys, but those of cohorts.
    private static func times(in profile: Profile) -> [(path: String, time: RunTime)] {
        var times = profile.events.enumerated().compactMap { index, event in
            event.at.map { ("events[\(index)].at", $0) }
        }
        if case .embedded(let server) = profile.server {
            times += server.pauses.enumerated().map { ("server.embedded.pauses[\($0.offset)].at", $0.element.at) }
        }
        return times
    }
}
