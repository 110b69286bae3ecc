import Basis
public import Engine
import Observing

/// Where watched connections are passed on to: resolved once, before the first.
public struct ForwardTarget: Sendable {
    /// Never empty.
    let addresses: [SocketAddress]
    /// How the connections to the server are secured; `nil`: not at all.
    let security: TargetSecurity?

    /// `nil` where `addresses` is empty.
    public init?(addresses: [SocketAddress], security: TargetSecurity?) {
        guard !addresses.isEmpty else { return nil }
        self.addresses = addresses
        self.security = security
    }
}

/// The watch over all connections of an `ObservingProxy`. Confined to its shard; its one timer is the watch's.
final class ObservingHost: Endpoint, @unchecked Sendable {
    let limits: ObservingLimits
    let forward: ForwardTarget
    private var fleet: FleetObserver
    private var pace: ObservingPace
    private let decoder = MessageDecoder()
    private var links: [ObjectIdentifier: ObservedLink] = [:]
    private var nextAddress = 0
    /// Connections that could not be passed on, because the server could not be reached.
    var refused = 0

    init(shard: Shard, forward: ForwardTarget, limits: ObservingLimits, pace: ObservingPace) {
        self.limits = limits
        self.forward = forward
        self.pace = pace
        fleet = FleetObserver(limits: limits, start: Shard.clock)
        super.init(shard: shard)
    }

    /// Begins the watch.
    func begin() { setTimer(at: shard.now + Self.tick) }

    override func timerFired(due: Instant) {
        fleet.passed(to: shard.now)
        setTimer(at: due + Self.tick)
    }

    /// Has a connection watched, where there is time.
    func watch(
        _ observer: inout ConnectionObserver,
        _ step: (inout ConnectionObserver, inout FleetObserver, MessageDecoder) -> Void
    ) {
        guard observer.isWatched else { return }
        guard pace.hasTime(at: shard.now) else { return observer.stopWatching(.busy, &fleet, decoder) }
        let began = Shard.clock
        step(&observer, &fleet, decoder)
        pace.spent(Shard.clock - began)
    }

    func ended(_ observer: inout ConnectionObserver, _ ending: ConnectionEnding) {
        observer.ended(ending, at: shard.now, &fleet, decoder)
    }

    func add(_ link: ObservedLink) { links[ObjectIdentifier(link)] = link }

    func remove(_ link: ObservedLink) { links[ObjectIdentifier(link)] = nil }

    /// The server's addresses in turn.
    func address() -> SocketAddress {
        nextAddress = (nextAddress + 1) % forward.addresses.count
        return forward.addresses[nextAddress]
    }

    var status: ObservingStatus {
        ObservingStatus(
            connections: links.count, agents: fleet.agentCount, refused: refused, unwatched: fleet.unwatched)
    }

    func observation() -> Observation { fleet.observation(at: shard.now) }

    /// Ends all connections in order.
    func endAll() {
        for link in links.values { link.endInOrder() }
    }

    private static let tick = Nanoseconds.seconds(1)
}
