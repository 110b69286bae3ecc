public import Basis
public import Hosting

/// Something that happens to the whole run at a given time, or after something else.
public struct TimedEvent: Hashable, Sendable {
    /// What happens. Agents do the first five themselves; the others are done by the embedded server.
    public enum Action: Hashable, Sendable {
        /// This share of the agents, drawn from the seed, loses its connection at one moment and connects again under
        /// its cohort's reconnect policy.
        case dropConnections(share: Double)
        /// Agents leave in some way, for good or for a while.
        case leave(HerdLeave)
        /// Agents are cut off from their server.
        case partition(HerdPartition)
        /// Agents report a part of their status at one moment.
        case reportStatus(HerdReport)
        /// An operator restarts agents, all at once or some after others.
        case restart(HerdRestart)
        /// The server offers a configuration.
        case offerConfig(ConfigOffer)
        /// The server withdraws the configuration of that name.
        case withdrawConfig(name: String)
        /// The server offers packages.
        case offerPackages(PackageOffer)
        /// The server takes the packages of that name back.
        case withdrawPackages(name: String)
        /// The server offers another heartbeat interval, in whole seconds.
        case offerHeartbeat(interval: Nanoseconds, to: EventTarget)
        /// The server offers settings of connections: its own, those of own telemetry, others.
        case offerConnection(ConnectionOffer)
        /// The server takes the connection settings of that name back.
        case withdrawConnection(name: String)
        /// The server gives agents new certificates.
        case rotateCertificates(CertificateRotation, to: EventTarget)
        /// The server withdraws the certificates of agents.
        case revokeCertificates(EventTarget)
        /// The server commands agents to restart.
        case restartAgents(EventTarget)
        /// The server sends a custom message.
        case sendCustom(CustomWord, to: EventTarget)
    }

    /// When it happens; nil: after what `after` waits for.
    public var at: RunTime?
    public var action: Action
    /// What other events wait for it by.
    public var name: String?
    public var after: EventCondition?
    /// From one occurrence to the next; nil: it happens once.
    public var every: Nanoseconds?
    /// When occurrences end; nil: with the run.
    public var until: RunTime?
    /// By how much each occurrence may be late, drawn evenly.
    public var jitter = Nanoseconds.zero
}

extension TimedEvent.Action {
    /// Its key in a profile.
    var key: String {
        switch self {
        case .dropConnections: "drop_connections"
        case .leave: "leave"
        case .partition: "partition"
        case .reportStatus: "report_status"
        case .restart: "restart"
        case .offerConfig: "offer_config"
        case .withdrawConfig: "withdraw_config"
        case .offerPackages: "offer_packages"
        case .withdrawPackages: "withdraw_packages"
        case .offerHeartbeat: "offer_heartbeat"
        case .offerConnection: "offer_connection"
        case .withdrawConnection: "withdraw_connection"
        case .rotateCertificates: "rotate_certificates"
        case .revokeCertificates: "revoke_certificates"
        case .restartAgents: "restart_agents"
        case .sendCustom: "send_custom"
        }
    }

    /// The keys of the events that a server has to do.
    static let keysForServers = [
        "offer_config", "withdraw_config", "offer_packages", "withdraw_packages", "offer_heartbeat", "offer_connection",
        "withdraw_connection", "rotate_certificates", "revoke_certificates", "restart_agents", "send_custom",
    ]

    /// Whether it is the embedded server that does it.
    var needsEmbeddedServer: Bool {
        switch self {
        case .dropConnections, .leave, .partition, .reportStatus, .restart: false
        case .offerConfig, .withdrawConfig, .offerPackages, .withdrawPackages, .offerHeartbeat, .offerConnection,
            .withdrawConnection, .rotateCertificates, .revokeCertificates, .restartAgents, .sendCustom:
            true
        }
    }

    /// The agents that it is for; nil if the action has another way to choose them.
    var target: EventTarget? {
        switch self {
        case .dropConnections, .leave, .partition, .reportStatus, .restart, .withdrawConfig, .withdrawPackages,
            .withdrawConnection:
            return nil
        case .offerConnection(let offer): return offer.target
        case .offerConfig(let offer): return offer.target
        case .offerPackages(let offer): return offer.target
        case .offerHeartbeat(_, let target), .restartAgents(let target), .sendCustom(_, let target),
            .rotateCertificates(_, let target), .revokeCertificates(let target):
            return target
        }
    }
}

/// A time of the run, from its start.
public enum RunTime: Hashable, Sendable {
    /// So long after the start.
    case after(Nanoseconds)
    /// When this share of the run's duration is over: it moves along when the duration is changed.
    case share(Double)

    /// The time from the start in a run of the given duration.
    public func offset(in duration: Nanoseconds) -> Nanoseconds {
        switch self {
        case .after(let span): return span
        case .share(let share): return duration.scaled(by: share)
        }
    }
}
