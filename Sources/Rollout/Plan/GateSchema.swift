import Basis
public import Schema

extension GatePlan: Settings {
    public static let standard = GatePlan()

    /// The name of a component; `none` and `collector` are words for no component.
    static let componentName = Kind<String>.text(1...1_000).checked {
        ["none", "collector"].contains($0) ? "this is a word for no component" : nil
    } mend: {
        ["none", "collector"].contains($0) ? "exporter" : $0
    }

    public static let schema = Schema<GatePlan>(
        "gate", "A limit on faults. Agents in flight when a gate stops the rollout finish, and count.",
        [
            Key("on", \.on, .word { $0.sentence }, "The fault.", required: true),
            Key(
                "component", \.component, .optional(componentName, none: "none"),
                "For `unhealthy`: a component of the agents' health tree, by its name or by a path such as "
                    + "`pipeline:traces/exporter:otlp`; `any`: the agent or any of its components, whichever is worst; "
                    + "`none`: the agent as a whole.", omitsDefault: true),
            Key(
                "above", \.above, AgentAmount.kind(0...10_000_000),
                "The rollout stops when the number of agents with the fault, or their share, is above it.",
                required: true),
            Key("inclusive", \.inclusive, .boolean, "Whether the limit itself stops the rollout."),
            Key("of", \.sample, .word { $0.sentence }, "What a share is of, and `min_sample` counts."),
            Key("scope", \.scope, .word { $0.sentence }, "Which agents count."),
            Key(
                "window", \.window, .optional(.duration(.seconds(1) ... .days(31)), none: "none"),
                "Only what happened within this time counts, in steps of 1/64 of it."),
            Key("min_sample", \.minimumSample, .integer(0...10_000_000), "Below it the gate says nothing."),
            Key(
                "against", \.against, .word { $0.sentence },
                "Whether the share of the agents that are not updated is taken off."),
            Key(
                "every", \.every, .optional(.duration(.seconds(1) ... .days(1)), none: "outcome"),
                "How often the gate is looked at; by default at every outcome."),
            Key("looks", \.looks, .integer(1...1_000), "How many looks have to find the limit exceeded, in all."),
            Key(
                "on_failure", \.onFailure, .optional(.word, none: "plan"),
                "What happens then; by default what the plan says."
            ),
        ],
        rules: [
            Rule { gate, check in
                if gate.every == nil, gate.looks > 1 {
                    check.contradiction(\.looks, "a gate that looks at every outcome has one look; add `every`")
                }
                if gate.component != nil, gate.on != .unhealthy {
                    check.contradiction(\.component, "only `on: unhealthy` is about components")
                }
                if gate.window != nil, gate.against == .notUpdated, gate.on.isAnswer {
                    check.contradiction(\.against, "agents that are not updated give no answers to compare with")
                }
            }
        ])
}

extension GatePlan.Fault {
    /// Whether only updated agents can have it.
    var isAnswer: Bool {
        switch self {
        case .failed, .mismatched, .noAnswer, .unsuccessful: true
        case .unhealthy, .disconnected, .any: false
        }
    }

    fileprivate var sentence: String {
        switch self {
        case .failed: "Reported that the revision cannot be applied."
        case .mismatched: "Reported it as applied, with another effective configuration."
        case .noAnswer: "Gave no answer within `agent_timeout`."
        case .unsuccessful: "Any of the three above."
        case .unhealthy: "Unhealthy since the offer: at this time, or with `window` became so within it."
        case .disconnected: "Disconnected since the offer: at this time, or with `window` became so within it."
        case .any: "Any of them, each agent once."
        }
    }
}

extension GatePlan.Sample {
    fileprivate var sentence: String {
        switch self {
        case .answered: "Agents that answered or timed out; with `window` those within it."
        case .offered: "Agents that were offered the revision."
        case .stage: "All agents of the present stage."
        case .all: "All selected agents."
        }
    }
}

extension GatePlan.Scope {
    fileprivate var sentence: String {
        switch self {
        case .rollout: "All agents that were offered the revision."
        case .stage: "Agents of the present stage."
        }
    }
}

extension GatePlan.Comparison {
    fileprivate var sentence: String {
        switch self {
        case .absolute: "No."
        case .notUpdated: "Yes; so a fault that has nothing to do with the revision does not stop it."
        }
    }
}

extension PredictionPlan: Settings {
    public static let standard = PredictionPlan()

    public static let schema = Schema<PredictionPlan>(
        "prediction",
        "Estimates for each value of an attribute the share of agents that fail: "
            + "(failures + weight × mean) / (answers + weight). An agent's risk is the highest estimate of its values.",
        [
            Key(
                "attributes", \.attributes, .list("attributes", 0...16, of: .text(1...1_000), unique: true),
                "The attributes that are looked at; empty: all."),
            Key("weight", \.weight, .integer(1...100_000), "How many agents the mean of all weighs in an estimate."),
            Key(
                "hold_back", \.holdBack, .optional(.decimal(1.1...1_000), none: "never"),
                "Agents of a group whose estimate is above this many times the mean are left out."),
        ])
}

extension RolloutExpectation: Settings {
    public static let standard = RolloutExpectation()

    public static let schema = Schema<RolloutExpectation>(
        "expect", "How a rehearsal has to end; otherwise the exit code is not 0.",
        [
            Key("outcome", \.outcome, .word { $0.sentence }, "How the rollout ends."),
            Key(
                "broken", \.broken, .optional(.integer(0...10_000_000), none: "any"),
                "The most agents with any fault since they were offered the revision."),
            Key(
                "within", \.within, .optional(.duration(RolloutPlan.times), none: "any"),
                "The longest time from the rollout's begin to its end, or until it pauses."),
            Key(
                "left", \.left, .optional(.integer(0...10_000_000), none: "any"),
                "The most agents that end with another revision than the outcome means."),
        ])
}

extension RolloutExpectation.Outcome {
    fileprivate var sentence: String {
        switch self {
        case .any: "In any way."
        case .finished: "Every selected agent was offered the revision."
        case .paused: "It waits for an operator."
        case .aborted: "It was aborted; agents keep what they have."
        case .stoppedInCanary: "Stopped in the first stage: paused, aborted or rolled back."
        case .stopped: "Stopped in any stage: paused, aborted or rolled back."
        case .rolledBack: "The former revision was offered again."
        }
    }
}
