import ArgumentParser
import Basis
import ControlPlane
import Engine
import Fleet
import Foundation
import Hosting
import OpAMP
import Schema

/// `muster serve`: the embedded server as a process of its own, for a fleet in another process.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve OpAMP from an in-memory registry, for rehearsals and tests.")

    @Option(help: "The address to listen on.")
    var address = "127.0.0.1"

    @Option(help: "The port to listen on; 0 for any free one.")
    var port: UInt16 = 4320

    @Option(help: "The number of shards, each on one core.")
    var shards = 1

    @Option(help: "The seed of all randomness.")
    var seed: UInt64 = 1

    @Option(help: "The heartbeat interval to offer to agents, in whole seconds: 10s.")
    var heartbeat: String?

    @Option(help: "The delay before each answer: 5ms.")
    var answerDelay: String?

    @Option(
        help:
            "Answer at most so many reports a second, one after the other, so that the server has a known limit: 500/s."
    )
    var answerRate: String?

    @Flag(help: "Name in each answer the report that it is to, for agents with the custom capability `sequence`.")
    var echoSequence = false

    @Option(help: "The share of reports that are throttled (answered UNAVAILABLE): 2%.")
    var throttle: String?

    @Option(help: "The retry time in the answers to throttled agents: 30s.")
    var retryAfter: String?

    @Option(help: "The share of connections that are dropped when they are accepted: 1%.")
    var drop: String?

    @Flag(inversion: .prefixedNo, help: "Accept permessage-deflate, and accept and send gzip and zstd.")
    var compression = true

    @Flag(help: "Close the connection after every answer over plain HTTP.")
    var closeConnections = false

    @Option(help: "The idle timeout of HTTP connections: 5s.")
    var idleTimeout: String?

    @Option(help: "End WebSockets whose agents have sent nothing for this long: 2m (default: never).")
    var silentTimeout: String?

    @Option(help: "The largest message or request body: 64KiB (default: 64MiB).")
    var largestMessage: String?

    @Option(
        help: "The memory of all unfinished messages together: 512MiB (default: 256MiB), at least the largest one.")
    var maxBuffered: String?

    @Option(help: "The limit of agents in the registry (default: 1000000).")
    var maxAgents: Int?

    @Option(help: "Forget agents without a connection and without a report for this long: 10m (default: 1h).")
    var forgetAfter: String?

    @Option(
        name: .customLong("token-file"),
        help:
            "A file of tokens, or user:password for Basic, one per line: clients without one of them are answered 401.")
    var tokenFile: String?

    @Option(
        name: .customLong("control-token-file"),
        help: ArgumentHelp(
            "A file of tokens, one per line, with which a tester may control the server over HTTP: POST "
                + "/muster/offer?agents=UID,UID with a configuration as its body, and /muster/layers.",
            valueName: "file"))
    var controlTokenFile: String?

    @Option(
        name: .customLong("offer-config"),
        help: "A file to offer to every agent as its configuration, under the name of the file; repeatable.")
    var offeredConfigs: [String] = []

    @Option(
        help: ArgumentHelp(
            "A file with layers of configuration and channels of packages to serve: docs/layers.md.",
            valueName: "file"))
    var layers: String?

    @Option(
        help: ArgumentHelp(
            "A file that keeps the versions of layers and channels, so that they survive a restart.",
            valueName: "file"))
    var versions: String?

    @OptionGroup(title: "TLS") var tls: ServeTLSOptions
    @OptionGroup var packages: PackageServingOptions

    func run() async throws {
        FileLimits.raise()
        guard let listen = SocketAddress(host: address, port: port) else {
            throw Failure(
                .badUsage, "--address: \(address) is not an IP address. Give one such as 127.0.0.1, 0.0.0.0 or ::1.")
        }
        guard (1...64).contains(shards) else {
            throw Failure(.badUsage, "--shards: \(shards) is not between 1 and 64.")
        }
        let security = try tls.security(address: address)
        let config = try offeredConfig()
        let store = try packages.store()
        var wire = try wire()
        let access = try packages.access(opamp: wire.credentials)
        wire.fileCredentials = access.credentials
        let desk = try LayerServing.desk(layers, versions: versions, hasPackages: store != nil)
        var plan = try plan()
        plan.labels = desk?.labels ?? []
        let server = try start(plan, wire, listen, security, store)
        let interruption = AsyncStream<Void>.makeStream()
        let interruptions = Interruptions { interruption.continuation.finish() }
        if let store {
            try packages.offer(from: store, to: access, on: server, isSecure: security != nil)
        }
        if let desk {
            try LayerServing.serve(
                desk, on: server, store, base: try packages.base(of: server, isSecure: security != nil), access)
        }
        if let config {
            // The packages' offer has the number 1.
            server.steer { registry, now, effects in
                try? registry.offer(Offer(revision: 2, .remoteConfig(config)), to: .all, at: now, &effects)
            }
            for path in offeredConfigs { print("offering the configuration \(path)") }
        }
        // The last line: who reads it can use everything that this command serves.
        for address in server.addresses {
            print("serving OpAMP on \(security == nil ? "ws" : "wss")://\(address)/v1/opamp")
        }
        for await _ in interruption.stream {}
        let counts = await server.stop()
        desk?.close()
        print(ServerCountsTable.text(for: counts))
        interruptions.stop()
    }

    /// What is offered to every agent; nil: no configuration.
    private func offeredConfig() throws -> AgentRemoteConfig? {
        guard !offeredConfigs.isEmpty else { return nil }
        do throws(StandingConfigError) { return try StandingConfig.offer(offeredConfigs) } catch {
            throw Failure(.badUsage, "--offer-config: \(error)")
        }
    }

    private func start(
        _ plan: ServerPlan, _ wire: ServerWire, _ listen: SocketAddress, _ security: EmbeddedSecurity?,
        _ store: PackageStore?
    ) throws -> OpAMPServer {
        do throws(OpAMPServerError) {
            return try OpAMPServer(
                plan: plan, address: listen, wire: wire, shards: shards, seed: seed,
                wallClockAtZero: WallClock.unixNanoseconds(at: .zero) / 1_000_000, security: security?.security,
                packages: store)
        } catch {
            throw Failure(.runFailed, error.description)
        }
    }

    private func wire() throws -> ServerWire {
        var server = EmbeddedServer.standard
        server.compression = compression
        server.closesConnections = closeConnections
        server.idleTimeout = try DurationOption.span("--idle-timeout", idleTimeout)
        server.silentTimeout = try DurationOption.span("--silent-timeout", silentTimeout)
        if let largestMessage {
            do throws(QuantityProblem) { server.largestMessage = try SizeText.parse(largestMessage) } catch {
                throw Failure(.badUsage, "--largest-message: \(error)")
            }
        }
        server.credentials = tokenFile.map { .file($0) }
        var wire: ServerWire
        do throws(RunError) { wire = try ServerWire(server) } catch {
            throw Failure(.badUsage, "--token-file: \(error)")
        }
        if let controlTokenFile {
            var other = EmbeddedServer.standard
            other.credentials = .file(controlTokenFile)
            do throws(RunError) { wire.controlCredentials = try ServerWire(other).credentials } catch {
                throw Failure(.badUsage, "--control-token-file: \(error)")
            }
        }
        if let maxBuffered {
            do throws(QuantityProblem) { wire.receiving.totalBytes = try SizeText.parse(maxBuffered) } catch {
                throw Failure(.badUsage, "--max-buffered: \(error)")
            }
        }
        return wire
    }

    private func plan() throws -> ServerPlan {
        var plan = ServerPlan()
        plan.echoesSequence = echoSequence
        plan.heartbeatInterval = try DurationOption.span("--heartbeat", heartbeat)
        if let span = try DurationOption.span("--forget-after", forgetAfter) { plan.forgetsAfter = span }
        if let maxAgents {
            guard maxAgents > 0 else { throw Failure(.badUsage, "--max-agents: \(maxAgents) is not at least 1") }
            plan.agentLimit = maxAgents
        }
        if let delay = try DurationOption.span("--answer-delay", answerDelay) {
            plan.answerDelay = .constant(delay)
        }
        if let answerRate {
            do throws(QuantityProblem) {
                plan.answersPerSecond = try RateText.parse(answerRate) / Double(max(shards, 1))
            } catch { throw Failure(.badUsage, "--answer-rate: \(error)") }
        }
        let wait = try DurationOption.span("--retry-after", retryAfter)
        if let share = try throttle.map({ try ShareOption.parse("--throttle", $0) }) {
            plan.throttle = Throttle(share: share, retryAfter: wait)
        }
        if let share = try drop.map({ try ShareOption.parse("--drop", $0) }) {
            plan.drops = ConnectionDrops(share: share, after: .constant(.zero))
        }
        return plan
    }
}
