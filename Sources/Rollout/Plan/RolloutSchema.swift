import Basis
public import Schema

extension RolloutPlan: Settings {
    public static let standard = RolloutPlan()

    public static let schema = Schema<RolloutPlan>(
        "rollout plan",
        "How a revision is rolled out: whom it is for, in which order and stages, what stops it, and what happens "
            + "then.",
        [
            Key("name", \.name, .name, "The name of the rollout in headings and file names."),
            Key("description", \.description, .text(0...10_000), "A description for readers."),
            Key(
                "preset", \.preset, .optional(.word { $0.sentence }),
                "The rules of an engine of the field. Keys of the plan replace what the preset says."),
            Key("seed", \.seed, .seed, "The order of the agents and all faults derive from it.", option: "--seed"),
            Key(
                "layers", \.layers, .list("layers", 0...LayeredFleet.maxLayers, of: .section),
                "The layers of configuration that the server serves before the rollout, in their order.",
                omitsDefault: true),
            Key(
                "channels", \.channels, .list("channels", 0...LayeredFleet.maxLayers, of: .section),
                "The channels of packages that the server serves before the rollout, in their order.",
                omitsDefault: true),
            Key("change", \.change, .section),
            Key("to", \.target, .section),
            Key("order", \.order, RolloutOrder.kind, "In which order agents are offered the revision."),
            Key("canary", \.canary, .optional(.section, none: "none"), "The first stage, which is watched closely."),
            Key(
                "stages", \.stages, .list("stages", 0...1_000, of: .section),
                "Stages after the canary. What remains after them is divided into `batches`, or is one stage more."),
            Key(
                "batches", \.batches, .optional(.section, none: "none"),
                "Stages of equal or growing size, until every agent has been offered the revision."),
            Key("limits", \.limits, .section),
            Key(
                "retry", \.retry, .list("durations", 0...8, of: .duration(.zero ... .days(1))),
                "Waits after which an agent that failed, or gave no answer in time, is offered the revision again."),
            Key("gates", \.gates, .list("gates", 0...50, of: .section), "Limits on faults that stop the rollout."),
            Key(
                "on_failure", \.onFailure, .word { $0.sentence },
                "What happens when a gate, the canary test or a timeout stops the rollout."),
            Key("roll_back", \.rollBack, .section),
            Key(
                "prediction", \.prediction, .optional(.section, none: "none"),
                "Learns which attributes go with failure while the rollout runs."),
            Key("expect", \.expect, .section),
            Key("world", \.world, .section),
            Key(
                "driver", \.driver, .optional(.section, none: "none"),
                "How a server that is not Muster's own is made to act, for a rehearsal against it (`--live`).",
                omitsDefault: true),
        ],
        rules: PlanRules.rules)

    /// Reads a plan; a preset's keys come first, and the text's own replace them. All errors are reported at once.
    public static func read(_ bytes: [UInt8], source: String, overrides: [Override] = []) throws(Problems)
        -> RolloutPlan
    {
        try schema.read(bytes, source: source, overrides: overrides) { document in
            let preset = document["preset"]?.value.scalar.flatMap { RolloutPreset(rawValue: $0) }
            return preset?.plan
        }
    }

    /// The whole plan in YAML, every default and what a preset means written out. Reading it gives an equal plan.
    public var resolvedYAML: String { Self.schema.write(self) }

    /// The most of any time in a plan.
    static let times = Nanoseconds.zero ... .days(366)
}

extension RolloutChange: Settings {
    public static let standard = RolloutChange()

    public static let schema = Schema<RolloutChange>(
        "change",
        "What changes: names for the report. On real sockets a configuration of this size is offered, or the driver's.",
        [
            Key("configuration", \.configuration, .optional(.name, none: "none"), "The name of a configuration."),
            Key(
                "packages", \.packages, .optional(.name, none: "none"),
                "The name of a set of packages. With `configuration` an agent has the revision once it has both, and a "
                    + "rollback takes back both."),
            Key(
                "connection_settings", \.connectionSettings, .optional(.name, none: "none"),
                "The name of connection settings."),
            Key(
                "layer", \.layer, .optional(.section),
                "A new version of one of `layers`. Only agents that get other files by it are offered the revision."),
            Key(
                "promote", \.promotion, .optional(.section),
                "The packages of one of `channels` for the agents of another. Only agents of that channel are meant."),
            Key("size", \.bytes, .size(0...(1 << 30)), "What one agent receives, for the server's load."),
        ])
}

extension RolloutTarget: Settings {
    public static let standard = RolloutTarget()

    /// Names of attributes, each with a list of values.
    static let attributes = Kind<[Named<[String]>]>.map(
        "attributes", 0...16, of: .list("values", 1...256, of: .text(1...1_000)), names: 1...1_000)

    public static let schema = Schema<RolloutTarget>(
        "to", "Whom the rollout is for: every agent, unless selectors say otherwise.",
        [
            Key(
                "attributes", \.attributes, attributes,
                "Agents that have one of the values of each attribute; the version and the like are attributes too."),
            Key("except", \.except, attributes, "Agents with any of these values are left out."),
            Key(
                "skip_unhealthy", \.skipsUnhealthy, .boolean,
                "Whether agents that are unhealthy or disconnected when their turn comes are left out."),
        ])
}

extension RolloutOrder {
    static let kind = Kind<RolloutOrder>.oneOf { forms in
        let listed = forms.word("listed", .listed, "By the agents' numbers.")
        let random = forms.word("random", .random, "At random, from the seed.")
        let risk = forms.word(
            "risk", .risk, "At random first; from then on groups with fewer failures come first. Needs `prediction`.")
        let attribute = forms.keys(
            "attribute", "One value after another, such as zones or rings; within one at random."
        ) { (order: ByAttribute) in .attribute(order.name, values: order.values) }
        let spread = forms.key(
            "spread", Kind<String>.text(1...1_000),
            "Evenly over the values of that attribute: each beginning of the order has every value in its share.",
            RolloutOrder.spread)
        return { value in
            switch value {
            case .listed: listed
            case .random: random
            case .risk: risk
            case .attribute(let name, let values): attribute(ByAttribute(name: name, values: values))
            case .spread(let name): spread(name)
            }
        }
    }

    struct ByAttribute: Settings {
        var name = ""
        var values: [String] = []

        static let standard = ByAttribute()
        static let schema = Schema<ByAttribute>(
            "order by attribute", "One value of an attribute after another.",
            [
                Key("attribute", \.name, .text(1...1_000), "The attribute, such as `zone`.", required: true),
                Key(
                    "values", \.values, .list("values", 0...256, of: .text(1...1_000), unique: true),
                    "The values in their order; agents with others come last."),
            ])
    }
}

extension CanaryPlan: Settings {
    public static let standard = CanaryPlan()

    /// The name of an attribute; `none` is the word for no attribute.
    private static let attribute = Kind<String>.text(1...1_000).checked {
        $0 == "none" ? "an attribute of this name cannot be covered" : nil
    } mend: {
        $0 == "none" ? "zone" : $0
    }

    public static let schema = Schema<CanaryPlan>(
        "canary", "The first stage, which is watched closely.",
        [
            Key("size", \.size, AgentAmount.kind, "How many agents, or which share of the selected ones."),
            Key(
                "soak", \.soak, .duration(RolloutPlan.times),
                "How long the canaries are watched once all have answered."),
            Key("over", \.over, .duration(RolloutPlan.times), "The canaries are offered evenly over this time."),
            Key(
                "covers", \.covers, .optional(attribute, none: "none"),
                "An attribute of which each value has as many canaries as the others, as far as there are agents."),
            Key("test", \.test, .optional(.section, none: "none"), "A sequential test with a stated error rate."),
        ])
}

extension CanaryTestPlan: Settings {
    public static let standard = CanaryTestPlan()

    public static let schema = Schema<CanaryTestPlan>(
        "canary test",
        "Tests at every failure whether updated agents fail more often than those that are not updated, with a bounded "
            + "chance of a false alarm in all.",
        [
            Key("alpha", \.alpha, .decimal(0.000_001...0.5), "The highest chance of a false alarm."),
            Key(
                "exposure", \.exposure,
                .optional(.duration(.seconds(1) ... .days(31)), none: "auto"),
                "An update may fail as often as an agent that is not updated fails within this time. By default the "
                    + "canary's `over`, or its `soak` where that is 0s."),
            Key(
                "passes_below", \.passesBelow, .optional(.decimal(1.1...1_000), none: "never"),
                "Ends the soak early once it is shown, with the same error rate, that updated agents fail less than "
                    + "this many times as often as the others."),
        ])
}

extension StagePlan: Settings {
    public static let standard = StagePlan()

    public static let schema = Schema<StagePlan>(
        "stage", "A stage ends when its agents have answered or timed out, and the soak after that is over.",
        [
            Key(
                "to", \.to, AgentAmount.kind, "How many agents, in all, have been offered the revision at its end.",
                required: true),
            Key("soak", \.soak, .duration(RolloutPlan.times), "How long it is watched before the next stage."),
            Key("over", \.over, .duration(RolloutPlan.times), "The agents are offered evenly over this time."),
            Key("approval", \.approval, .boolean, "Whether it waits for an operator before it begins."),
            Key(
                "window", \.window, .optional(.section, none: "any"),
                "When offers may be sent; other times are awaited."),
            Key(
                "timed", \.ignoresAnswers, .boolean,
                "Whether `soak` counts from the stage's begin and answers are not awaited."),
        ])
}

extension StageWindow: Settings {
    public static let standard = StageWindow()

    public static let schema = Schema<StageWindow>(
        "window", "A time window that repeats. Times count from the rollout's begin.",
        [
            Key("opens", \.opens, .duration(RolloutPlan.times), "When it opens for the first time."),
            Key("length", \.length, .duration(.seconds(1) ... .days(366)), "How long it is open."),
            Key("every", \.every, .duration(.seconds(1) ... .days(366)), "The time from one opening to the next."),
        ],
        rules: [
            Rule { window, check in
                guard window.length > window.every else { return }
                check.contradiction(\.length, "the window is open for longer than the time to the next opening")
            }
        ])
}

extension BatchSettings: Settings {
    public static let standard = BatchSettings()

    public static let schema = Schema<BatchSettings>(
        "batches", "Stages of equal or growing size, until every agent has been offered the revision.",
        [
            Key("size", \.size, AgentAmount.kind, "The first batch: agents, or a share of the selected ones."),
            Key("growth", \.growth, .decimal(1...100), "Each batch is the one before, times that."),
            Key("max", \.max, .optional(AgentAmount.kind, none: "none"), "The largest batch."),
            Key("soak", \.soak, .duration(RolloutPlan.times), "How long each is watched before the next."),
            Key("over", \.over, .duration(RolloutPlan.times), "A batch is offered evenly over this time."),
            Key(
                "timed", \.ignoresAnswers, .boolean,
                "Whether `soak` counts from the batch's begin and answers are not awaited."),
        ])
}

extension RolloutLimits: Settings {
    public static let standard = RolloutLimits()

    public static let schema = Schema<RolloutLimits>(
        "rollout limits", "Limits of speed, and timeouts.",
        [
            Key(
                "concurrency", \.concurrency, .optional(AgentAmount.kind, none: "none"),
                "The most agents that have been offered the revision and have not answered."),
            Key(
                "failed_hold_place", \.failedCountAsInFlight, .boolean,
                "Whether agents that failed or gave no answer keep their place under `concurrency`."),
            Key("rate", \.rate, .optional(.section, none: "none"), "The most offers in a time."),
            Key(
                "agent_timeout", \.agentTimeout, .duration(.seconds(1) ... .days(31)),
                "The time from an offer to the agent's answer. After it the agent gave no answer; a later one counts."),
            Key(
                "stage_timeout", \.stageTimeout, .optional(.duration(.seconds(1) ... .days(366)), none: "none"),
                "The time in which all agents of a stage have to answer or time out; else the rollout stops."),
            Key(
                "progress_timeout", \.progressTimeout, .optional(.duration(.seconds(1) ... .days(366)), none: "none"),
                "The time within which the next agent has to apply the revision; else the rollout stops."),
        ],
        rules: [
            Rule { limits, check in
                guard limits.failedCountAsInFlight else { return }
                if limits.concurrency == nil {
                    check.contradiction(\.failedCountAsInFlight, "without `concurrency` there are no places to keep")
                } else if limits.stageTimeout == nil, limits.progressTimeout == nil {
                    check.contradiction(
                        \.failedCountAsInFlight,
                        "failed agents can take every place, and the rollout would wait for ever; add "
                            + "`progress_timeout` or `stage_timeout`")
                }
            }
        ])
}

extension RolloutRate: Settings {
    public static let standard = RolloutRate()

    public static let schema = Schema<RolloutRate>(
        "rollout rate", "Offers in a time, which may grow with success.",
        [
            Key("offers", \.perSecond, .rate(0.000_1...1_000_000), "Offers in a time, such as 50/min.", required: true),
            Key("factor", \.factor, .decimal(1...100), "What the rate is multiplied by each time it grows."),
            Key("each", \.each, .integer(1...10_000_000), "It grows each time that so many more agents are done."),
            Key(
                "counts", \.counts,
                .word {
                    switch $0 {
                    case .offered: "Agents that were offered the revision."
                    case .applied: "Agents that applied it."
                    }
                }, "Which agents are counted for that."),
            Key("max", \.max, .optional(.rate(0.000_1...1_000_000), none: "none"), "The highest rate."),
        ],
        rules: [
            Rule { rate, check in
                guard let max = rate.max, max < rate.perSecond else { return }
                check.contradiction(\.max, "the highest rate is below the first")
            }
        ])
}

extension RollBackPlan: Settings {
    public static let standard = RollBackPlan()

    public static let schema = Schema<RollBackPlan>(
        "roll_back", "How the former revision is offered again.",
        [
            Key("over", \.over, .duration(RolloutPlan.times), "The agents are offered it evenly over this time."),
            Key(
                "timeout", \.timeout, .duration(.seconds(1) ... .days(31)),
                "The time for an agent to confirm it; after it the agent counts as unreached."),
        ])
}
