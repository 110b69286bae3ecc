import Basis
public import Schema

extension RehearsalWorld: Settings {
    public static let standard = RehearsalWorld()

    private static let shares = Kind<[Named<Double>]>.map("values", 1...256, of: .share, names: 1...1_000)

    public static let schema = Schema<RehearsalWorld>(
        "world",
        "The fleet, the server and the faults that the plan is rehearsed with in virtual time. Times count from the "
            + "rollout's begin.",
        [
            Key("agents", \.agents, .integer(AgentAmount.agentRange), "How many agents there are.", option: "--agents"),
            Key(
                "only", \.only, .agentNumbers,
                "The numbers of the agents that exist, so that a reduced failure is replayed."
            ),
            Key(
                "duration", \.duration, .duration(.seconds(1) ... .days(366)),
                "When the rehearsal ends, whatever the rollout does.", option: "--duration"),
            Key(
                "begin", \.begin, .duration(.zero ... .days(1)), "The time from the rehearsal's start to the rollout's."
            ),
            Key(
                "attributes", \.attributes, .map("attributes", 0...16, of: shares, names: 1...1_000),
                "For each attribute its values, with their shares of the agents."),
            Key(
                "components", \.components,
                .map(
                    "groups", 0...64, of: .list("names", 1...64, of: .text(1...200), unique: true), names: 1...200),
                "The agents' health tree: groups with their components, such as `pipeline:traces: [exporter:otlp]`. By "
                    + "default that of a collector with two pipelines.", omitsDefault: true),
            Key(
                "heartbeat", \.heartbeat, .wholeSeconds(.seconds(1) ... .days(1)),
                "The interval of the agents' heartbeats."),
            Key(
                "heartbeats", \.heartbeats, .list("groups of agents", 0...15, of: .section),
                "Agents with another interval. The first group that an agent is of counts."),
            Key(
                "polling", \.polling, .list("groups of agents", 0...15, of: .section),
                "Agents that poll over plain HTTP: an offer comes with the answer to the next poll, and the server "
                    + "does not see that they are gone. The first group that an agent is of counts."),
            Key(
                "gateways", \.gateways, .list("groups of agents", 0...15, of: .section),
                "Agents that share the connections of gateways: they lose them, and have them again, together. The "
                    + "first group that an agent is of counts."),
            Key(
                "applying", \.applying, Distribution.kind(),
                "From the arrival of an offer to the report of what became of it."),
            Key("packages", \.packages, .section),
            Key("latency", \.latency, Distribution.kind(.zero ... .minutes(1)), "One way through the network."),
            Key(
                "message_loss", \.messageLoss, .share,
                "The odds that an offer gets lost. It is sent again with the answer to the agent's next report."),
            Key("offline", \.offline, .section),
            Key("server", \.server, .section),
            Key("breakages", \.breakages, .list("breakages", 0...100, of: .section), "Agents that break."),
            Key(
                "outages", \.outages, .list("outages", 0...100, of: .section), "Zones that lose the network for a time."
            ),
            Key(
                "restarts", \.restarts, .list("restarts", 0...100, of: .section), "Replicas of the server that restart."
            ),
            Key(
                "partitions", \.partitions, .list("partitions", 0...100, of: .section),
                "Zones and replicas that do not reach each other for a time."),
            Key(
                "slow_replicas", \.slowReplicas, .list("slow replicas", 0...100, of: .section),
                "Replicas that take longer for a report for a time."),
            Key(
                "flapping", \.flapping, .list("flapping agents", 0...100, of: .section),
                "Agents that lose their connections again and again."),
            Key(
                "clocks", \.clocks, .list("groups of agents", 0...15, of: .section),
                "Agents whose clocks are off. The first group that draws an agent counts.", omitsDefault: true),
            Key(
                "controller_restarts", \.controllerRestarts,
                .list("times", 0...1_000, of: .duration(RolloutPlan.times)),
                "When the rollout's controller restarts. It continues from its snapshot and its journal, with the same "
                    + "decisions."),
        ])
}

extension Kind<[UInt32]?> {
    /// Numbers of agents, or `all`.
    static var agentNumbers: Kind {
        .optional(
            Kind<[Int]>.list("agents", 0...50_000, of: .integer(0...9_999_999))
                .converted({ $0.map { UInt32($0) } }, { $0.map { Int($0) } }), none: "all")
    }
}

extension OfflineAgents: Settings {
    public static let standard = OfflineAgents()

    public static let schema = Schema<OfflineAgents>(
        "offline", "Agents that have no connection when the rollout begins.",
        [
            Key("share", \.share, .share, "The share of the agents."),
            Key("for", \.time, Distribution.kind(.zero ... .days(366)), "How long."),
        ])
}

extension RehearsalPackages: Settings {
    public static let standard = RehearsalPackages()

    public static let schema = Schema<RehearsalPackages>(
        "rehearsed packages", "How agents download and install packages, where the change is one of packages.",
        [
            Key("download", \.download, Distribution.kind(), "How long a download lasts."),
            Key("install", \.install, Distribution.kind(), "How long an installation lasts."),
            Key("size", \.bytes, .size(0...(1 << 40)), "The bytes of the file."),
            Key("download_fails", \.downloadFailures, .share, "The odds that a download fails."),
            Key(
                "wrong_hash", \.hashFailures, .share,
                "The odds that a downloaded file does not have the hash that was offered."),
            Key(
                "install_fails", \.installFailures, .share,
                "The odds that an installation fails and the former version is restored."),
        ])
}

extension RehearsalServer: Settings {
    public static let standard = RehearsalServer()

    public static let schema = Schema<RehearsalServer>(
        "rehearsal server", "The server of a rehearsal.",
        [
            Key("replicas", \.replicas, .integer(1...256), "How many there are; agents are divided among them."),
            Key("accepts", \.accepts, .rate(1...1_000_000), "Connections that a replica accepts in a time."),
            Key("backlog", \.backlog, .integer(0...1_000_000), "Connections that wait at a replica; more are refused."),
            Key("connections", \.connections, .integer(1...100_000_000), "The most connections of a replica."),
            Key(
                "report_cost", \.reportCost, .duration(.zero ... .seconds(1)), "The time that a report costs a replica."
            ),
            Key("delivery", \.delivery, .word { $0.sentence }, "When an offer is sent."),
        ])
}

extension RehearsalServer.Delivery {
    fileprivate var sentence: String {
        switch self {
        case .push: "At its time."
        case .contact: "With the answer to the agent's next report."
        }
    }
}

extension Breakage: Settings {
    public static let standard = Breakage()

    public static let schema = Schema<Breakage>(
        "breakage", "Agents that break.",
        [
            Key("share", \.share, .share, "The share of the agents concerned.", required: true),
            Key(
                "attributes", \.attributes, RolloutTarget.attributes,
                "The agents concerned: those with one of the values of each attribute; empty: all."),
            Key("agents", \.agents, .agentNumbers, "The numbers of the agents concerned."),
            Key("how", \.manner, .word { $0.sentence }, "What they do."),
            Key(
                "component", \.component, .optional(GatePlan.componentName, none: "collector"),
                "For `unhealthy`: what is. `collector`: it stops, and the agent is unhealthy as a whole. A name of "
                    + "`world.components`: that component, and the agent as a whole is healthy. `root`: the agent as a "
                    + "whole, and its components are healthy.", omitsDefault: true),
            Key("cause", \.cause, .word { $0.sentence }, "Why."),
            Key(
                "after", \.after, Distribution.kind(.zero ... .days(366)),
                "With `revision` the time from applying it to breaking, for what happens after applying. With `chance` "
                    + "the time from the rehearsal's start."),
            Key(
                "lasts", \.lasts, .optional(Distribution.kind(.zero ... .days(366)), none: "always"),
                "How long it lasts; `always`: until the agent applies another revision."),
        ])
}

extension Breakage.Manner {
    fileprivate var sentence: String {
        switch self {
        case .fails:
            "They report that the revision cannot be applied: of a configuration and packages the configuration."
        case .failsToInstall: "They report that the packages cannot be installed."
        case .mismatches: "They report it as applied, with another effective configuration."
        case .silent: "They give no answer."
        case .unhealthy: "They report themselves unhealthy."
        case .disconnects: "They lose their connection."
        case .crashes: "They crash, and start again with the revision."
        }
    }
}

extension Breakage.Cause {
    fileprivate var sentence: String {
        switch self {
        case .revision: "The revision breaks them."
        case .chance: "They break by chance, whatever they run."
        }
    }
}
