import Basis
public import Schema

extension Profile: Settings {
    /// Ten million: what one fleet in virtual time can hold; sockets run out long before.
    static let agentRange = 1...10_000_000

    public static let schema = Schema<Profile>(
        "profile", "What a run is to be: how many agents, when they arrive, what they do, and for how long.",
        [
            Key("name", \.name, .name, "What the run is called in headings and file names."),
            Key("description", \.description, .text(0...10_000), "For people."),
            Key("agents", \.agents, .integer(agentRange), "How many agents the fleet has.", option: "--agents"),
            Key("seed", \.seed, .seed, "All randomness derives from it.", option: "--seed"),
            Key("server", \.server, ServerChoice.kind, "The server under test.", option: "--server"),
            Key("tls", \.tls, .optional(.section)),
            Key(
                "duration", \.duration, .duration(.milliseconds(100) ... .days(31)),
                "From the run's start, arrival included, until the agents begin to disconnect.", option: "--duration"),
            Key(
                "drain", \.drain, .duration(.zero ... .hours(1)),
                "How long the fleet may take to disconnect; what is still connected then is cut off.", option: "--drain"
            ),
            Key("arrival", \.arrival, Arrival.kind, "When the agents start, in the order of their numbers."),
            .list(
                "cohorts", \.cohorts, "cohorts", 1...100,
                "Kinds of agents. The keys of a cohort beside this list hold for each that does not say otherwise.",
                common: CohortProfile.common),
            Key(
                "events", \.events, .list("events", 0...1_000, of: .section),
                "What happens to the run at given times."),
            Key("limits", \.limits, .section),
            Key("compression", \.wire.compression, CompressionProfile.kind, "What the agents compress."),
            Key("polling", \.wire.polling, .section),
            Key(
                "headers", \.wire.headers, HeaderProfile.list, "Further headers of every upgrade and request.",
                omitsDefault: true),
            Key("auth", \.wire.auth, .optional(AuthProfile.kind), "How agents prove who they are."),
            Key("proxy", \.wire.proxy, .optional(ProxyProfile.kind), "An HTTP proxy that opens tunnels to the server."),
            Key(
                "sources", \.sources, .list("addresses", 0...256, of: .localAddress),
                "Local addresses to connect from, in turn; each gives about 28,000 connections to one destination."),
            Key(
                "shards", \.shards, .optional(.integer(1...256), none: "auto"),
                "On how many threads the agents run; `auto` is one a core.", option: "--shards"),
        ],
        rules: CohortRules.rules + WireRules.rules + HealthRules.rules + TLSRules.rules + EventRules.rules
            + PackageRules.rules + ArrivalRules.rules)

    /// The whole profile in YAML, every default written out; reading it gives an equal profile.
    public var resolvedYAML: String { Self.schema.write(self) }
}

extension ProfileLimits: Settings {
    public static let standard = ProfileLimits()
    static let timeouts = Nanoseconds.milliseconds(10)...Nanoseconds.hours(1)

    public static let schema = Schema<ProfileLimits>(
        "limits", "When something counts as failed, and how much is done at a time.",
        [
            Key(
                "connect_timeout", \.connectTimeout, .duration(timeouts),
                "From an attempt to connect to the upgraded connection; then the attempt has failed.",
                option: "--connect-timeout"),
            Key(
                "answer_timeout", \.answerTimeout, .duration(timeouts),
                "From a report to its answer; then the report counts as unanswered.", option: "--answer-timeout"),
            Key("downloads", \.downloads, .integer(1...10_000), "How many package files are fetched at the same time."),
            Key(
                "download_bandwidth", \.downloadBandwidth, .optional(.byteRate),
                "What the fleet reads of package files in a second, divided among the shards."),
            Key(
                "message_size", \.messageBytes, .size(1_024...(1 << 30)),
                "The largest message that agents send or receive, before compression and after it."),
        ])
}
