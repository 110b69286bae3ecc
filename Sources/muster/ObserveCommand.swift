import ArgumentParser
import Basis
import Engine
import Fleet
import Foundation
import Hosting
import Observing
import Schema

/// `muster observe`: a proxy between real agents and their server, which writes a profile of what it saw.
struct ObserveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "observe",
        abstract: "Pass the traffic of real agents on to their server, and write a profile of the fleet.")

    @Option(help: ArgumentHelp("Where to listen for agents.", valueName: "address:port"))
    var listen = "127.0.0.1:4321"

    @Option(help: ArgumentHelp("The server, such as ws://opamp.example:4320.", valueName: "url"))
    var forward: String

    @Option(help: ArgumentHelp("The profile to write; it must not exist.", valueName: "file"))
    var output = "observed.yaml"

    @Option(name: .customLong("for"), help: "How long to watch: 1h (default: until Ctrl-C).")
    var span: String?

    @Option(
        name: .customLong("attribute"),
        help: ArgumentHelp(
            """
            An attribute whose values are kept and tell kinds of agents apart, besides service.name and \
            service.version; repeatable.
            """, valueName: "key"))
    var attributes: [String] = []

    @Option(help: "The limit of agents that are watched at once.")
    var maxAgents = 100_000

    @Option(help: "The share of one core that watching may take; beyond it connections pass unseen: 50%.")
    var watchingLimit: String?

    @Flag(help: "Check agents and server against the specification; this takes more time, and some KiB an agent.")
    var checkConformance = false

    @OptionGroup(title: "TLS, the agents' side") var tls: ServeTLSOptions

    @Option(
        name: .customLong("forward-ca"),
        help: "A PEM file of authorities to trust for the server's certificate, instead of this machine's.")
    var authorities: String?

    @Flag(name: .customLong("forward-insecure-skip-verify"), help: "Do not verify the server's certificate.")
    var skipsVerification = false

    func run() async throws {
        FileLimits.raise()
        let url = try serverURL()
        let address = try listenAddress()
        let watchFor = try DurationOption.span("--for", span)
        guard !FileManager.default.fileExists(atPath: output) else {
            throw Failure(.badUsage, "--output: \(output) exists already. Give another name, or remove it.")
        }
        let security = try tls.security(address: String(listen.prefix { $0 != ":" }))
        let proxy = try await start(at: address, to: url, security)
        for address in proxy.addresses {
            print("passing \(security == nil ? "ws" : "wss")://\(address) on to \(url)")
        }
        print("\(watchFor == nil ? "Ctrl-C" : "Ctrl-C, or the end of \(span ?? ""),") writes \(output)")
        await wait(watchFor, proxy)
        try write(await proxy.stop(), server: url)
    }

    // MARK: - Options

    private func serverURL() throws -> ServerURL {
        do throws(ServerURLError) { return try ServerURL(forward) } catch {
            throw Failure(.badUsage, "--forward: \(error)")
        }
    }

    private func listenAddress() throws -> SocketAddress {
        let mark = listen.lastIndex(of: ":") ?? listen.endIndex
        let host = listen[..<mark].trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
        guard mark != listen.endIndex, let port = UInt16(listen[mark...].dropFirst()),
            let address = SocketAddress(host: host, port: port)
        else {
            throw Failure(
                .badUsage,
                "--listen: '\(listen)' is not an IP address with a port. Give one such as 127.0.0.1:4321, 0.0.0.0:4321 "
                    + "or [::1]:4321.")
        }
        return address
    }

    private var limits: ObservingLimits {
        get throws {
            guard maxAgents > 0 else { throw Failure(.badUsage, "--max-agents: \(maxAgents) is not at least 1") }
            var limits = ObservingLimits()
            limits.agents = maxAgents
            limits.attributes = attributes
            limits.checksConformance = checkConformance
            return limits
        }
    }

    private func start(
        at address: SocketAddress, to url: ServerURL, _ security: EmbeddedSecurity?
    ) async throws -> ObservingProxy {
        let share = try watchingLimit.map { try ShareOption.parse("--watching-limit", $0) }
        var trust = TLSProfile.standard
        trust.authorities = authorities
        trust.skipsVerification = skipsVerification
        let target: ForwardTarget
        do { target = try await ForwardRoute.target(to: url, tls: trust) } catch {
            throw Failure(.badUsage, "--forward: \(error)")
        }
        let limits = try limits
        do throws(ObservingProxyError) {
            return try ObservingProxy(
                address: address, forward: target, tls: security?.security.context, limits: limits,
                pace: ObservingPace(limit: share ?? ObservingPace.usualLimit))
        } catch {
            throw Failure(.runFailed, "\(error)")
        }
    }

    // MARK: - The watch

    /// Until the time is over or the user ends it. Says so when something is not watched, or the server is not reached.
    private func wait(_ span: Nanoseconds?, _ proxy: ObservingProxy) async {
        let interruption = AsyncStream<Void>.makeStream()
        let interruptions = Interruptions { interruption.continuation.finish() }
        let timer = Task {
            let end = span.map { Shard.clock + $0 } ?? .distantFuture
            var said: Set<String> = []
            while Shard.clock < end, !Task.isCancelled {
                let status = await proxy.status()
                for warning in Self.warnings(status) where said.insert(warning).inserted { ErrorOutput.write(warning) }
                let rest = min(end - Shard.clock, .seconds(1))
                try? await Task.sleep(for: .nanoseconds(max(rest.count, 1)))
            }
            interruption.continuation.finish()
        }
        for await _ in interruption.stream {}
        timer.cancel()
        interruptions.stop()
    }

    private static func warnings(_ status: ObservingStatus) -> [String] {
        var warnings: [String] = []
        if status.unwatched[.busy] != nil {
            warnings.append(
                "muster observe cannot keep up: connections pass without being watched from now on. Raise "
                    + "--watching-limit, or watch a part of the agents.")
        }
        if status.refused > 0 {
            warnings.append("muster observe cannot reach the server: connections of agents are reset.")
        }
        return warnings
    }

    private func write(_ observation: Observation, server: ServerURL) throws {
        guard let observed = ObservedProfile(observation, server: server) else {
            throw Failure(
                .runFailed,
                "no agent was seen, so there is no profile to write. Point the agents at the address after --listen.")
        }
        try NewFile.write(observed.text, to: output, mode: 0o644)
        for line in observed.figures { print(line) }
        print("\nWrote \(output). Next: muster check \(output), then muster run \(output)")
    }
}
