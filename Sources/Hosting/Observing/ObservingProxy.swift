import Basis
public import Engine
public import Observing

/// A proxy between agents and their server: passes every byte on, both ways, and watches what passes. From start to
/// stop.
///
/// One shard does all of it, so that an agent is the same wherever it connects.
public final class ObservingProxy: Sendable {
    /// Where it listens, ports resolved.
    public let addresses: [SocketAddress]
    private let listener: Listener
    private let host: ObservingHost

    /// Listens on `address`, and passes on to `forward`.
    /// - Parameters:
    ///   - tls: how the agents' side is secured; `nil`: not at all.
    ///   - pace: how much time watching may take.
    /// - Throws: `ObservingProxyError`, naming the address and the remedy.
    public init(
        address: SocketAddress, forward: ForwardTarget, tls: TLSServerContext? = nil,
        limits: ObservingLimits = ObservingLimits(), pace: ObservingPace = ObservingPace()
    ) throws(ObservingProxyError) {
        var started: Shard?
        do {
            let shard = try Shard(label: "muster.observe")
            started = shard
            let host = ObservingHost(shard: shard, forward: forward, limits: limits, pace: pace)
            let listener = try Listener(shard: shard, addresses: [address], tls: tls) { _, _ in
                ObservedLink(host: host)
            }
            self.host = host
            self.listener = listener
            addresses = listener.addresses
        } catch {
            started?.stop {}
            throw ObservingProxyError(address: address, reason: "\(error)")
        }
        let host = host
        host.shard.perform { host.begin() }
    }

    /// What was seen until now.
    public func observation() async -> Observation {
        let host = host
        return await host.shard.value { host.observation() }
    }

    /// What is there now.
    public func status() async -> ObservingStatus {
        let host = host
        return await host.shard.value { host.status }
    }

    /// Stops listening, ends the connections in order, and gives what was seen before.
    public func stop() async -> Observation {
        listener.close()
        let host = host
        let observation = await host.shard.value {
            defer { host.endAll() }
            return host.observation()
        }
        let deadline = Shard.clock + Self.closeTimeout
        while Shard.clock < deadline, await host.shard.value({ host.shard.openConnections }) > 0 {
            try? await Task.sleep(for: .milliseconds(5))
        }
        await host.shard.stop()
        return observation
    }

    /// How long both sides have to close.
    private static let closeTimeout = Nanoseconds.seconds(2)
}

/// What an observing proxy has to do at a moment.
public struct ObservingStatus: Sendable {
    /// Connections of agents.
    public var connections: Int
    /// Agents that are there, or may come back.
    public var agents: Int
    /// Connections that ended because the server could not be reached.
    public var refused: Int
    /// Connections that pass without being watched, so far.
    public var unwatched: [UnwatchedReason: Int]
}

/// An observing proxy could not start.
public struct ObservingProxyError: Error, CustomStringConvertible {
    public let address: SocketAddress
    public let reason: String

    public var description: String {
        "cannot listen on \(address): \(reason). Choose another address or port (0 takes any free one), or stop the "
            + "program that holds it."
    }
}
