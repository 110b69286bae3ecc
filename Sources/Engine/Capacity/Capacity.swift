/// What the system allows, as far as it limits the number of connections. Injected, so that plans can be tested.
public struct CapacityFacts: Hashable, Sendable {
    /// The limit of open files.
    public var fileLimits: FileLimits
    /// Ports that the system hands out for outgoing connections.
    public var ephemeralPorts: ClosedRange<UInt16>
    /// The largest backlog of a listening socket (net.core.somaxconn).
    public var listenBacklog: Int
    /// Source addresses of connections; at least one.
    public var sourceAddresses: Int
    /// Server addresses (host and port) that connections go to; at least one.
    public var destinations: Int
    /// Whether the server is in this process too, so that each connection uses two descriptors.
    public var serverInProcess: Bool

    public init(
        fileLimits: FileLimits, ephemeralPorts: ClosedRange<UInt16>, listenBacklog: Int, sourceAddresses: Int = 1,
        destinations: Int = 1, serverInProcess: Bool = false
    ) {
        self.fileLimits = fileLimits
        self.ephemeralPorts = ephemeralPorts
        self.listenBacklog = listenBacklog
        self.sourceAddresses = max(1, sourceAddresses)
        self.destinations = max(1, destinations)
        self.serverInProcess = serverInProcess
    }

    /// This machine's facts, as they are now.
    public static func current(
        sourceAddresses: Int = 1, destinations: Int = 1, serverInProcess: Bool = false
    ) -> CapacityFacts {
        CapacityFacts(
            fileLimits: .current, ephemeralPorts: ephemeralPorts(), listenBacklog: listenBacklog(),
            sourceAddresses: sourceAddresses, destinations: destinations, serverInProcess: serverInProcess)
    }

    /// Linux's own defaults, for when /proc has no value.
    private static let defaultPorts: ClosedRange<UInt16> = 32_768...60_999
    private static let defaultBacklog = 4096

    static func ephemeralPorts() -> ClosedRange<UInt16> {
        let text = SystemFile.read("/proc/sys/net/ipv4/ip_local_port_range") ?? ""
        let bounds = text.split(whereSeparator: \.isWhitespace).compactMap { UInt16($0) }
        return bounds.count == 2 && bounds[0] <= bounds[1] ? bounds[0]...bounds[1] : defaultPorts
    }

    private static func listenBacklog() -> Int {
        let text = SystemFile.read("/proc/sys/net/core/somaxconn") ?? ""
        return text.split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) } ?? defaultBacklog
    }
}

/// How many of the agents asked for can have a connection of their own, and what to do about the rest.
public struct Capacity: Hashable, Sendable {
    /// What limits it.
    public enum Limit: Hashable, Sendable {
        /// Open files. `softOnly`: the hard limit would do.
        case descriptors(softOnly: Bool)
        /// Ports for the source addresses and destinations there are.
        case ports
    }

    /// Agents asked for.
    public let wanted: Int
    /// Agents that fit, never more than wanted.
    public let fits: Int
    /// Connections for which there are descriptors, after the ones the tool needs itself.
    public let byDescriptors: Int
    /// Connections for which there are ports.
    public let byPorts: Int
    /// What keeps some out, the tightest first; empty when all fit.
    public let limits: [Limit]
    /// Source addresses with which the ports would suffice.
    public let sourceAddressesNeeded: Int
    /// Connections that may wait to be accepted: a server on such a machine loses faster bursts to retransmission.
    public let listenBacklog: Int

    /// Whether all agents fit.
    public var isEnough: Bool { limits.isEmpty }

    /// Descriptors kept for the tool itself: standard streams, epoll sets, results, listeners, name resolution.
    public static let reserve = 200
    /// Ports kept out of the plan: others on the machine use some, and a closed connection may hold its port for a
    /// minute (TIME_WAIT), a sixteenth of the range.
    static let portReserveDivisor = 16

    /// How many of `agents` fit into what the system allows.
    public static func plan(agents: Int, facts: CapacityFacts) -> Capacity {
        let perAgent = facts.serverInProcess ? 2 : 1
        let byDescriptors = max(0, facts.fileLimits.soft - reserve) / perAgent
        let byHardLimit = max(0, facts.fileLimits.hard - reserve) / perAgent
        let range = facts.ephemeralPorts.count
        let perPair = range - range / portReserveDivisor
        let pairs = facts.sourceAddresses * facts.destinations
        let (product, overflow) = perPair.multipliedReportingOverflow(by: pairs)
        let byPorts = overflow ? Int.max : product
        var limits: [(room: Int, limit: Limit)] = []
        if agents > byDescriptors { limits.append((byDescriptors, .descriptors(softOnly: agents <= byHardLimit))) }
        if agents > byPorts { limits.append((byPorts, .ports)) }
        let perSource = max(1, perPair * facts.destinations)
        return Capacity(
            wanted: agents, fits: max(0, min(agents, byDescriptors, byPorts)), byDescriptors: byDescriptors,
            byPorts: byPorts, limits: limits.sorted { $0.room < $1.room }.map(\.limit),
            sourceAddressesNeeded: max(1, (agents + perSource - 1) / perSource), listenBacklog: facts.listenBacklog)
    }

    /// What to do so that all fit, a line per limit; nil when they do.
    public var remedy: String? {
        guard !isEnough else { return nil }
        var lines = ["\(fits) of \(wanted) agents fit with a connection each."]
        for limit in limits {
            switch limit {
            case .descriptors(softOnly: true):
                lines.append(
                    "Open files: enough for \(byDescriptors). Raise the soft limit to the hard one: "
                        + "ulimit -n \"$(ulimit -Hn)\".")
            case .descriptors(softOnly: false):
                lines.append(
                    "Open files: enough for \(byDescriptors). Raise the hard limit (LimitNOFILE= of a service, "
                        + "/etc/security/limits.conf, or ulimit -Hn as root), run several processes or hosts, "
                        + "let agents share connections (HTTP pool, multiplexing).")
            case .ports:
                lines.append(
                    "Ports: enough for \(byPorts). Use \(sourceAddressesNeeded) source addresses (--source), several "
                        + "server addresses, or a wider range: sysctl -w net.ipv4.ip_local_port_range=\"1024 65535\".")
            }
        }
        return lines.joined(separator: "\n")
    }
}
