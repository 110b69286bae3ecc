import Basis
import Hosting
public import Schema

extension TimedEvent: Settings {
    public static let standard = TimedEvent(at: nil, action: .dropConnections(share: 0))

    public static let schema = Schema<TimedEvent>(
        "event",
        "An event of the whole run at a given time. Agents do `drop_connections`, `leave`, `partition`, "
            + "`report_status` and `restart` themselves, against any server; the embedded server executes the others.",
        [
            Key("at", \.at, .optional(RunTime.kind), "When."),
            Key("after", \.after, .optional(.section), "What it waits for instead of a time."),
            Key("name", \.name, .optional(.name), "The name by which other events wait for it.", omitsDefault: true),
            Key(
                "every", \.every, .optional(.duration(.milliseconds(10) ... .days(31))),
                "From one occurrence to the next; without it, it happens once.", omitsDefault: true),
            Key(
                "until", \.until, .optional(RunTime.kind), "When no occurrence follows any more.", omitsDefault: true),
            Key(
                "jitter", \.jitter, .duration(.zero ... .days(1)), "By how much each occurrence may be late, drawn.",
                omitsDefault: true),
            .oneOf(\.action, "an event", Action.kind),
        ],
        rules: [
            Rule { event, check in
                switch (event.at, event.after) {
                case (nil, nil): check.contradiction(\.at, "the key 'at' is missing; or give 'after'")
                case (_?, _?): check.contradiction(\.after, "'at' is given too; remove one of the two")
                case (_?, nil), (nil, _?): break
                }
                if event.every == nil, event.until != nil || event.jitter > .zero {
                    check.contradiction("'until' and 'jitter' are for an event that repeats; give 'every'")
                }
            }
        ])
}

extension TimedEvent {
    /// Half of what a profile may have: the profile that is kept has the events themselves.
    private static let maxFileBytes = 128 << 10

    static let list = Kind<[TimedEvent]>.list(
        "events", 0...1_000, of: .section, "An event.",
        files: .fileText(maxFileBytes, tooLarge: "; a run has at most 1000 events"),
        "The events of a YAML file that is a list of events; the path is relative to the profile's folder. The profile "
            + "that is kept has the events themselves.",
        limit: maxFileBytes)
}

extension TimedEvent.Action {
    static let kind = Kind<TimedEvent.Action>.oneOf { forms in
        let drop = forms.key(
            "drop_connections", .share,
            "This share of the agents, drawn from the seed, loses its connection at one moment and reconnects."
        ) { .dropConnections(share: $0) }
        let leave = forms.key("leave", HerdLeave.kind, "Agents leave at one moment, in some way.") { .leave($0) }
        let partition = forms.key(
            "partition", .section, "Agents are cut off from their server: nothing passes in either direction."
        ) { .partition($0) }
        let report = forms.key(
            "report_status", HerdReport.kind, "Agents report a part of their status at one moment."
        ) { .reportStatus($0) }
        let restartSelf = forms.key(
            "restart", HerdRestart.kind, "An operator restarts agents, all at once or some after others; see `restart`."
        ) { .restart($0) }
        let offerConfig = forms.key("offer_config", .section, "The server offers a configuration.") { .offerConfig($0) }
        let withdrawConfig = forms.key(
            "withdraw_config", .name,
            "The server withdraws that `offer_config`: its agents are offered the former one, if there is one."
        ) { .withdrawConfig(name: $0) }
        let offerPackages = forms.key(
            "offer_packages", .section, "The server offers packages: the complete set for an agent."
        ) { .offerPackages($0) }
        let withdrawPackages = forms.key(
            "withdraw_packages", .name, "The server withdraws that `offer_packages`, as with configurations."
        ) { .withdrawPackages(name: $0) }
        let offerHeartbeat = forms.key(
            "offer_heartbeat", HeartbeatOffer.kind, "The server offers another heartbeat interval."
        ) { .offerHeartbeat(interval: $0.interval, to: $0.target) }
        let offerConnection = forms.key(
            "offer_connection", .section,
            "The server offers connection settings: its own address, destinations for own telemetry, other connections."
        ) { .offerConnection($0) }
        let withdrawConnection = forms.key(
            "withdraw_connection", .name, "The server withdraws that `offer_connection`, as with configurations."
        ) { .withdrawConnection(name: $0) }
        let rotate = forms.key(
            "rotate_certificates", CertificateOffer.kind,
            "The server gives agents new certificates with new keys, which they try and keep or drop."
        ) { .rotateCertificates($0.rotation, to: $0.target) }
        let revoke = forms.key(
            "revoke_certificates", EventTarget.kind,
            "The server revokes the certificates of those agents and ends their connections."
        ) { .revokeCertificates($0) }
        let restart = forms.key(
            "restart_agents", EventTarget.kind,
            "The server commands those agents to restart; see `restart`."
        ) { .restartAgents($0) }
        let custom = forms.key(
            "send_custom", CustomMessage.kind, "The server sends a custom message to agents that have its capability."
        ) { .sendCustom($0.word, to: $0.target) }
        return { value in
            switch value {
            case .dropConnections(let share): drop(share)
            case .leave(let herd): leave(herd)
            case .partition(let herd): partition(herd)
            case .reportStatus(let herd): report(herd)
            case .restart(let herd): restartSelf(herd)
            case .offerConfig(let offer): offerConfig(offer)
            case .withdrawConfig(let name): withdrawConfig(name)
            case .offerPackages(let offer): offerPackages(offer)
            case .withdrawPackages(let name): withdrawPackages(name)
            case .offerHeartbeat(let interval, let target):
                offerHeartbeat(HeartbeatOffer(interval: interval, target: target))
            case .offerConnection(let offer): offerConnection(offer)
            case .withdrawConnection(let name): withdrawConnection(name)
            case .rotateCertificates(let rotation, let target):
                rotate(CertificateOffer(rotation: rotation, target: target))
            case .revokeCertificates(let target): revoke(target)
            case .restartAgents(let target): restart(target)
            case .sendCustom(let word, let target): custom(CustomMessage(word: word, target: target))
            }
        }
    }

    struct HeartbeatOffer: Settings {
        var interval = Nanoseconds.zero
        var target = EventTarget.everybody

        /// The offer is in whole seconds on the wire.
        static let interval = Kind<Nanoseconds>.wholeSeconds(.zero ... .days(1))
        static let standard = HeartbeatOffer()
        static let kind = Kind<HeartbeatOffer>.oneOf { forms in
            _ = forms.scalar(interval, "To everybody.") { HeartbeatOffer(interval: $0) }
            let section = forms.section("To some.")
            return { section($0) }
        }
        static let schema = Schema<HeartbeatOffer>(
            "offer_heartbeat", "The server offers another heartbeat interval.",
            [
                Key("interval", \.interval, interval, "The interval; 0s: no heartbeats.", required: true),
                Key("to", \.target, EventTarget.kind, "The agents that it is for."),
            ])
    }

    struct CertificateOffer: Settings {
        var rotation = CertificateRotation()
        var target = EventTarget.everybody

        static let standard = CertificateOffer()
        static let kind = Kind<CertificateOffer>.oneOf { forms in
            _ = forms.scalar(.share, "For about so many of the agents.") {
                CertificateOffer(target: EventTarget(share: $0))
            }
            let section = forms.section("Of that kind.")
            return { section($0) }
        }
        static let schema = Schema<CertificateOffer>(
            "rotate_certificates", "The server gives agents new certificates with new keys.",
            [
                Key(
                    "lifetime", \.lifetime, .optional(.certificateLifetime),
                    "How long they are valid; by default as all certificates of the server."),
                Key("flaw", \.rotation.flaw, .optional(.word { $0.sentence }), "A fault of the certificates."),
                Key(
                    "to", \.target, EventTarget.kind,
                    "The agents that they are for, of those that are known at that time."),
            ])

        var lifetime: Nanoseconds? {
            get { rotation.lifetimeSeconds.map { .seconds(Int64($0)) } }
            set { rotation.lifetimeSeconds = newValue.map { Int(clamping: $0.count / 1_000_000_000) } }
        }
    }

    struct CustomMessage: Settings {
        var word = CustomWord.echo
        var target = EventTarget.everybody

        static let standard = CustomMessage()
        static let kind = Kind<CustomMessage>.oneOf(
            wanted: CustomWord.allCases.map(\.rawValue).joined(separator: " or ")
        ) { forms in
            _ = forms.scalar(.word, "To everybody.") { CustomMessage(word: $0) }
            let section = forms.section("To some.")
            return { section($0) }
        }
        static let schema = Schema<CustomMessage>(
            "send_custom", "The server sends a custom message.",
            [
                Key("message", \.word, .word { $0.sentence }, "Which.", required: true),
                Key("to", \.target, EventTarget.kind, "The agents that it is for."),
            ])
    }
}

extension CertificateRotation.Flaw {
    fileprivate var sentence: String {
        switch self {
        case .expired: "They have expired."
        case .unknownAuthority: "They are of an authority that the server does not trust."
        }
    }
}

extension CustomWord {
    fileprivate var sentence: String {
        switch self {
        case .pause: "Agents with the capability `pause` stop collecting."
        case .resume: "They collect again."
        case .findServices: "Agents with the capability `discovery` name the services that they see."
        case .echo: "Agents with the capability `echo` send the data back."
        }
    }
}

extension EventTarget: Settings {
    public static let standard = EventTarget.everybody

    static let kind = Kind<EventTarget>.oneOf(wanted: ShareText.wanted) { forms in
        let share = forms.scalar(.share, "About so many of the agents.") { EventTarget(share: $0) }
        let section = forms.section("Those with attributes.")
        return { $0.attributes.isEmpty ? share($0.share) : section($0) }
    }

    private static let attributes = Kind<[Named<String>]>.map("attributes", 0...16, of: .text(0...1_000))
        .converted({ $0.map { Attribute(key: $0.name, text: $0.value) } }, { $0.map { Named($0.key, $0.text) } })

    public static let schema = Schema<EventTarget>(
        "whom",
        "Whom an event is for. The shares of offers nest: the agents of the first 10% are among those of a later 50%.",
        [
            Key("share", \.share, .share, "About this share of the agents that have the attributes."),
            Key(
                "attributes", \.attributes, attributes,
                "Attributes of the agents' descriptions, with exactly these values."),
        ])
}
