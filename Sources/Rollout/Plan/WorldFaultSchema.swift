import Basis
public import Schema

extension ZoneOutage: Settings {
    public static let standard = ZoneOutage()

    public static let schema = Schema<ZoneOutage>(
        "outage", "The agents with a value of an attribute lose their connections and cannot connect for a time.",
        [
            Key("attribute", \.attribute, .text(1...1_000), "The attribute."),
            Key("value", \.value, .text(1...1_000), "The value.", required: true),
            Key("at", \.at, .duration(RolloutPlan.times), "When it begins.", required: true),
            Key("for", \.length, .duration(.zero ... .days(31)), "How long it lasts."),
        ])
}

extension ServerRestart: Settings {
    public static let standard = ServerRestart()

    public static let schema = Schema<ServerRestart>(
        "server restart", "Replicas end and start again; the state of the rollout is kept.",
        [
            Key("at", \.at, .duration(RolloutPlan.times), "When.", required: true),
            Key("for", \.length, .duration(.zero ... .days(31)), "How long they are down."),
            Key("replicas", \.replicas, .optional(.integer(1...256), none: "all"), "How many."),
        ])
}

extension ZonePartition: Settings {
    public static let standard = ZonePartition()

    public static let schema = Schema<ZonePartition>(
        "partition", "The agents with a value of an attribute do not reach replicas of the server for a time.",
        [
            Key("attribute", \.attribute, .text(1...1_000), "The attribute."),
            Key("value", \.value, .text(1...1_000), "The value.", required: true),
            Key("at", \.at, .duration(RolloutPlan.times), "When it begins.", required: true),
            Key("for", \.length, .duration(.zero ... .days(31)), "How long it lasts."),
            Key(
                "replicas", \.replicas, .optional(.integer(1...256), none: "all"),
                "How many replicas they do not reach; they connect to the others."),
        ])
}

extension SlowReplicas: Settings {
    public static let standard = SlowReplicas()

    public static let schema = Schema<SlowReplicas>(
        "slow replicas", "Replicas of the server take longer for a report for a time.",
        [
            Key("at", \.at, .duration(RolloutPlan.times), "When it begins.", required: true),
            Key("for", \.length, .duration(.zero ... .days(31)), "How long it lasts."),
            Key("replicas", \.replicas, .optional(.integer(1...256), none: "all"), "How many."),
            Key("factor", \.factor, .integer(2...100_000), "How many times as long they take."),
        ])
}

extension Flapping: Settings {
    public static let standard = Flapping()

    public static let schema = Schema<Flapping>(
        "flapping", "Agents that lose their connections again and again, and connect again.",
        [
            Key("share", \.share, .share, "The share of the agents concerned.", required: true),
            Key(
                "attributes", \.attributes, RolloutTarget.attributes,
                "The agents concerned: those with one of the values of each attribute; empty: all."),
            Key("agents", \.agents, .agentNumbers, "The numbers of the agents concerned."),
            Key("every", \.every, Distribution.kind(.seconds(1) ... .days(366)), "From one loss to the next."),
        ])
}

extension SkewedClocks: Settings {
    public static let standard = SkewedClocks()

    public static let schema = Schema<SkewedClocks>(
        "skewed clocks",
        "Agents whose clocks are off: the times that they report are. No decision of a rollout uses an agent's clock.",
        [
            Key("share", \.share, .share, "The share of the agents concerned.", required: true),
            Key(
                "attributes", \.attributes, RolloutTarget.attributes,
                "The agents concerned: those with one of the values of each attribute; empty: all."),
            Key("agents", \.agents, .agentNumbers, "The numbers of the agents concerned."),
            Key("by", \.by, Distribution.kind(.zero ... .days(366)), "How far each is off, for the whole rehearsal."),
            Key("direction", \.direction, .word { $0.sentence }, "To which side."),
        ])
}

extension SkewedClocks.Direction {
    fileprivate var sentence: String {
        switch self {
        case .either: "Half of them are ahead, half behind."
        case .ahead: "Ahead of the server's clock."
        case .behind: "Behind it."
        }
    }
}

extension PollingGroup: Settings {
    public static let standard = PollingGroup()

    public static let schema = Schema<PollingGroup>(
        "polling group", "Agents that poll over plain HTTP.",
        [
            Key(
                "attributes", \.attributes, RolloutTarget.attributes,
                "The agents concerned: those with one of the values of each attribute; empty: all."),
            Key("interval", \.interval, .wholeSeconds(.seconds(1) ... .days(1)), "From one poll to the next."),
        ])
}

extension SharedConnections: Settings {
    public static let standard = SharedConnections()

    public static let schema = Schema<SharedConnections>(
        "gateways", "Agents behind gateways, which lose their connections and have them again together.",
        [
            Key(
                "attributes", \.attributes, RolloutTarget.attributes,
                "The agents concerned: those with one of the values of each attribute; empty: all."),
            Key("size", \.size, .integer(2...1_000), "So many agents in a row share a connection."),
        ])
}

extension HeartbeatGroup: Settings {
    public static let standard = HeartbeatGroup()

    public static let schema = Schema<HeartbeatGroup>(
        "heartbeat group", "Agents whose heartbeats have an interval of their own.",
        [
            Key(
                "attributes", \.attributes, RolloutTarget.attributes,
                "The agents concerned: those with one of the values of each attribute; empty: all."),
            Key(
                "interval", \.interval, .wholeSeconds(.seconds(1) ... .days(1)), "Their interval.", required: true),
        ])
}
