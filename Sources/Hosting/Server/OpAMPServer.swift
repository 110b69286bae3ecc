public import Basis
public import ControlPlane
public import Engine
import Synchronization
import Transport

/// An OpAMP server on this machine: listeners, shards and registries, from start to stop.
public final class OpAMPServer: Sendable {
    /// Where it listens, ports resolved.
    public let addresses: [SocketAddress]
    private let listening: Mutex<[Listener]>
    private let listenerOptions: ListenerOptions
    let hosts: [ServerHost]
    private let shards: [Shard]
    private let security: ServerSecurity?

    /// Listens on `address` with one shard for each of `shards` (several share the port).
    /// - Parameters:
    ///   - path: where OpAMP is served, normally `/v1/opamp`; anything else is 404.
    ///   - wire: how connections are treated, apart from OpAMP.
    ///   - packages: files to serve under `/packages/` on the same port.
    /// - Throws: `OpAMPServerError`, naming the address and the remedy.
    public init(
        plan: ServerPlan, address: SocketAddress, path: String = "/v1/opamp", wire: ServerWire = ServerWire(),
        shards count: Int, seed: UInt64, wallClockAtZero: UInt64, security: ServerSecurity? = nil,
        packages: PackageStore? = nil
    ) throws(OpAMPServerError) {
        var plan = plan
        // A server without an authority has nothing to issue by.
        plan.issuesCertificates = security?.authority != nil
        let largest = wire.largestMessage ?? HTTPLimits.defaultBodyBytes
        let budget = BufferBudget(limit: max(wire.receiving.totalBytes, largest))
        let directory =
            count > 1 ? AgentDirectory(stripes: 64, limit: plan.agentLimit, forgetsAfter: plan.forgetsAfter) : nil
        var shards: [Shard] = []
        var hosts: [ServerHost] = []
        var listeners: [Listener] = []
        var options = ListenerOptions()
        options.sharesPort = count > 1
        options.handshakeTimeout = wire.receiving.handshake
        listenerOptions = options
        var bound = address
        do {
            for index in 0..<max(count, 1) {
                let shard = try Shard(label: "muster.server.\(index)")
                shards.append(shard)
                let registry = Registry(
                    plan: plan, seed: seed, wallClockAtZero: wallClockAtZero, shard: UInt16(index),
                    directory: directory)
                let host = ServerHost(
                    shard: shard, registry: registry, path: path, wire: wire, budget: budget, packages: packages,
                    seed: seed &+ UInt64(index))
                hosts.append(host)
                let listener = try Listener(
                    shard: shard, addresses: [bound], options: options, tls: security?.context
                ) { _, peer in
                    host.accept(from: peer)
                }
                bound = listener.addresses.first ?? bound
                listeners.append(listener)
            }
        } catch {
            listeners.forEach { $0.close() }
            shards.forEach { $0.stop {} }
            throw OpAMPServerError(address: address, reason: "\(error)")
        }
        self.shards = shards
        self.security = security
        self.hosts = hosts
        listening = Mutex(listeners)
        addresses = listeners.first?.addresses ?? [bound]
        let all = hosts
        for host in hosts {
            host.shard.perform {
                host.wholeCounts = { await OpAMPServer.sum(all) }
                host.steerAll = { event in
                    for other in all { other.shard.perform { other.steer(event) } }
                }
                if let security, security.authority != nil { host.issue(by: security) }
            }
        }
    }

    /// The counts of all shards until now.
    public func counts() async -> ServerCounts {
        await OpAMPServer.sum(hosts)
    }

    /// How long the peers have to close their side.
    private static let closeTimeout = Nanoseconds.seconds(2)

    private static func sum(_ hosts: [ServerHost]) async -> ServerCounts {
        var sum = ServerCounts()
        for host in hosts {
            sum = sum + (await host.shard.value { host.counts })
        }
        return sum
    }

    /// Steers the registries (offers, restarts, pauses): `event` runs once on each shard, soon, in the order of the
    /// calls.
    public func steer(_ event: @escaping @Sendable (inout Registry, Instant, inout ServerEffects) -> Void) {
        for host in hosts {
            host.shard.perform { host.steer(event) }
        }
    }

    /// Gives `observer` what the registries observe of their agents, in order, on the servers' shards; for a plan that
    /// asks for it (`ServerPlan.observesAgents`).
    public func observe(_ observer: @escaping @Sendable ([AgentObservation]) -> Void) {
        for host in hosts {
            host.shard.perform { host.observer = observer }
        }
    }

    /// Goes down as a process that ends: every connection is broken, and none is accepted. What the server knows of its
    /// agents and has to offer them is kept, as in a database.
    public func goDown() {
        stopListening()
        for host in hosts {
            host.shard.perform { host.breakConnections() }
        }
    }

    /// Listens again where it did before `goDown`.
    /// - Throws: `OpAMPServerError` where another program has taken the address meanwhile.
    public func comeBack() throws(OpAMPServerError) {
        var listeners: [Listener] = []
        do throws(ListenError) {
            for host in hosts {
                listeners.append(
                    try Listener(
                        shard: host.shard, addresses: Array(addresses.prefix(1)), options: listenerOptions,
                        tls: security?.context
                    ) { _, peer in host.accept(from: peer) })
            }
        } catch {
            listeners.forEach { $0.close() }
            throw OpAMPServerError(address: error.address, reason: "\(error)")
        }
        let fresh = listeners
        listening.withLock { $0 = fresh }
    }

    private func stopListening() {
        listening.withLock { listeners in
            listeners.forEach { $0.close() }
            listeners = []
        }
    }

    /// Has a new certificate, with a new key, made for each of the agents meant that is known by now, and offers it to
    /// them (specification: OpAMP Connection Setting Offer Flow). Without an authority of its own the server does
    /// nothing.
    public func rotateCertificates(of selection: Selection, _ rotation: CertificateRotation = CertificateRotation()) {
        for host in hosts {
            host.shard.perform { host.rotate(selection, rotation) }
        }
    }

    /// Withdraws the certificates of the agents meant: those that connected agents have shown, and those that the
    /// server gave them. Their connections are ended, and from then on the server refuses the certificates as revoked.
    /// - Returns: how many certificates were withdrawn; 0 where the server has no authority to withdraw any.
    @discardableResult
    public func revokeCertificates(of selection: Selection) async -> Int {
        guard let security else { return 0 }
        var count = 0
        for host in hosts {
            let certificates = await host.shard.value { host.certificates(of: selection) }
            guard let context = try? security.revoke(certificates) else { continue }
            listening.withLock { $0.forEach { $0.secure(with: context) } }
            count += certificates.count
            await host.shard.value { host.turnOut(selection, certificates: certificates.count) }
        }
        return count
    }

    /// Stops listening, sends agent_disconnect on every connection (specification: Closing Connection, Server
    /// Initiated), and gives the final counts.
    public func stop() async -> ServerCounts {
        stopListening()
        var open = 0
        for host in hosts {
            open += await host.shard.value { host.sendAgentDisconnect() }
        }
        let deadline = Shard.clock + OpAMPServer.closeTimeout
        while open > 0, Shard.clock < deadline {
            try? await Task.sleep(for: .milliseconds(5))
            open = 0
            for host in hosts {
                open += await host.shard.value { host.shard.openConnections }
            }
        }
        let final = await counts()
        for shard in shards {
            await shard.stop()
        }
        return final
    }
}

/// The embedded server could not start.
public struct OpAMPServerError: Error, CustomStringConvertible {
    public let address: SocketAddress
    public let reason: String

    public var description: String {
        "the embedded server cannot listen on \(address): \(reason). "
            + "Choose another address or port (0 takes any free one), or stop the program that holds it."
    }
}
