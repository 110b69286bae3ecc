import Basis
public import Schema

extension Profile: Settings {
    /// Ten million: what one fleet in virtual time can hold; sockets run out long before.
    static let agentRange = 1...10_000_000

    public static let schema = Schema<Profile>(
        "profile", "The settings of a run: how many agents, when they arrive, what they do, and for how long.",
        [
            Key("name", \.name, .name, "The name of the run in headings and file names."),
            Key("description", \.description, .text(0...10_000), "A description for readers."),
            Key("agents", \.agents, .integer(agentRange), "How many agents the fleet has.", option: "--agents"),
            Key("seed", \.seed, .seed, "All randomness derives from it.", option: "--seed"),
            Key("server", \.server, ServerChoice.kind, "The server under test.", option: "--server"),
            Key("tls", \.tls, .optional(.section)),
            Key(
                "duration", \.duration, .duration(.milliseconds(100) ... .days(31)),
                "From the run's start, arrival included, until the agents begin to disconnect.", option: "--duration"),
            Key(
                "drain", \.drain, .duration(.zero ... .hours(1)),
                "How long the agents may take to disconnect; then the remaining connections are cut.", option: "--drain"
            ),
            Key("arrival", \.arrival, Arrival.kind, "When the agents start, in the order of their numbers."),
            Key(
                "population", \.population, PopulationStage.list,
                "The number of agents over time, in stages: it takes the place of `arrival`.", omitsDefault: true),
            .list(
                "cohorts", \.cohorts, "cohorts", 1...100,
                "Kinds of agents. The keys of a cohort beside this list hold for each cohort without its own value.",
                common: CohortProfile.common),
            Key(
                "events", \.events, TimedEvent.list,
                "Events at given times, here or in files of their own."),
            Key(
                "driver", \.driver, .optional(.section, none: "none"),
                "How another server is made to do what events ask of it.", omitsDefault: true),
            Key("limits", \.limits, .section),
            Key("compression", \.wire.compression, CompressionProfile.kind, "What is compressed."),
            Key("polling", \.wire.polling, .section),
            Key("websocket", \.wire.webSocket, .section, omitsDefault: true),
            Key(
                "headers", \.wire.headers, HeaderProfile.list, "Further headers of every upgrade and request.",
                omitsDefault: true),
            Key("auth", \.wire.auth, .optional(AuthProfile.kind), "The agents' credentials."),
            Key("proxy", \.wire.proxy, .optional(ProxyProfile.kind), "An HTTP proxy that opens tunnels to the server."),
            Key(
                "sources", \.sources, .list("addresses", 0...256, of: .localAddress),
                "Source addresses, used in turn; each allows about 28,000 connections to one destination."),
            Key(
                "shards", \.shards, .optional(.integer(1...256), none: "auto"),
                "The number of threads for the agents; `auto` is one per core.", option: "--shards"),
            Key(
                "thresholds", \.thresholds, .list("thresholds", 0...100, of: .threshold),
                "Limits by which the run passes or fails.", omitsDefault: true),
        ],
        rules: CohortRules.rules + WireRules.rules + HealthRules.rules + TLSRules.rules + EventRules.rules
            + PackageRules.rules + ArrivalRules.rules + ThresholdRules.rules + ShapeRules.rules
            + ShapeRules.eventRules + ShapeRules.churnRules + LinkRules.rules)

    /// The whole profile in YAML, every default written out, for outputs: credentials are left out. Without any,
    /// reading it gives an equal profile.
    public var resolvedYAML: String { Self.schema.show(self) }
}

extension ProfileLimits: Settings {
    public static let standard = ProfileLimits()
    static let timeouts = Nanoseconds.milliseconds(10)...Nanoseconds.hours(1)

    public static let schema = Schema<ProfileLimits>(
        "limits", "Timeouts and limits.",
        [
            Key(
                "connect_timeout", \.connectTimeout, .duration(timeouts),
                "The time limit from an attempt to connect to the upgraded connection.",
                option: "--connect-timeout"),
            Key(
                "answer_timeout", \.answerTimeout, .duration(timeouts),
                "The time limit from a report to its answer.", option: "--answer-timeout"),
            Key("downloads", \.downloads, .integer(1...10_000), "The limit of simultaneous downloads."),
            Key(
                "download_bandwidth", \.downloadBandwidth, .optional(.byteRate),
                "The bandwidth of all downloads of the fleet, divided among the shards."),
            Key(
                "message_size", \.messageBytes, .size(1_024...(1 << 30)),
                "The largest message that agents send or receive, before compression and after it."),
            Key(
                "checkpoint", \.checkpoint, .optional(.duration(.seconds(1) ... .hours(1)), none: "never"),
                "How often `summary.json` is written during the run, for a run that is killed."),
        ])
}
