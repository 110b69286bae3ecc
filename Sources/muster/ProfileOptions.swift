import ArgumentParser
import Basis
import Fleet
import Foundation

/// The profile and what the command line changes of it; shared by `run` and `check`.
struct ProfileOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "The profile to use: the path of a YAML file, or a name of `muster profiles`. Without it every key has its default.",
            valueName: "profile"))
    var path: String?

    @Option(
        help: "The server under test, ws://, wss://, http:// or https://host:port/path (default: an embedded one)."
    )
    var server: String?

    @Option(help: "The number of agents.")
    var agents: Int?

    @Option(help: "The duration of the run, arrival included: 30s, 5m, 1h30m.")
    var duration: String?

    @Option(help: "The time limit for the agents to disconnect at the end: 10s.")
    var drain: String?

    @Option(help: "The seed of all randomness.")
    var seed: UInt64?

    @Option(help: "The heartbeat interval of every cohort: 500ms, 10s.")
    var heartbeat: String?

    @Option(help: "The number of shards that the agents run on (default: one per core).")
    var shards: Int?

    @Option(
        name: .customLong("source"), parsing: .upToNextOption,
        help: "Source addresses, used in turn: each allows about 28,000 more connections to one destination.")
    var sources: [String] = []

    @Option(
        name: .customLong("compression"),
        help: "on: permessage-deflate, and gzip for requests over plain HTTP; zstd: zstd for requests; off.")
    var compression: CompressionWord?

    @Option(
        name: .customLong("header"),
        help:
            "A header of every upgrade and request, 'Name: value'; placeholders such as {{index}} are replaced for each agent. Repeatable."
    )
    var headers: [String] = []

    @Option(
        name: .customLong("token-file"),
        help:
            "A file with the bearer token of all agents, or one token per agent, one per line (default: MUSTER_TOKEN, if set)."
    )
    var tokenFile: String?

    @Option(help: "An HTTP proxy that opens tunnels to the server: http://host:port.")
    var proxy: String?

    @OptionGroup(title: "TLS") var tls: TLSOptions

    /// The profile with the command line's changes.
    /// - Throws: `Failure` with every mistake and its place.
    func resolve() throws -> Profile {
        do {
            return try read().applying(overrides())
        } catch let errors as ProfileErrors {
            throw Failure(.badUsage, "\(errors)")
        }
    }

    private func read() throws -> Profile {
        guard let path else { return .standard }
        return try ProfileReader().read(path: BundledProfiles.path(of: path))
    }

    private func overrides() throws -> ProfileOverrides {
        var overrides = ProfileOverrides()
        overrides.agents = agents
        overrides.seed = seed
        overrides.shards = shards
        overrides.sources = sources.isEmpty ? nil : sources
        overrides.duration = try span("--duration", duration)
        overrides.drain = try span("--drain", drain)
        overrides.heartbeatInterval = try span("--heartbeat", heartbeat)
        try readWire(&overrides)
        overrides.tls = tls.overrides
        if let server {
            do throws(ServerURLError) {
                overrides.server = try ServerURL(server)
            } catch {
                throw Failure(.badUsage, "--server: \(error)")
            }
        }
        return overrides
    }

    private func readWire(_ overrides: inout ProfileOverrides) throws {
        overrides.compression = compression.map(\.profile)
        overrides.headers = try headers.map { text in
            guard let colon = text.firstIndex(of: ":") else {
                throw Failure(.badUsage, "--header: write it as 'Name: value'.")
            }
            let value = text[text.index(after: colon)...].drop { $0 == " " }
            return HeaderProfile(String(text[..<colon]), .text(String(value)))
        }
        if let tokenFile {
            overrides.auth = .bearer(.secret(.file(URL(fileURLWithPath: tokenFile).standardizedFileURL.path)))
        } else if ProcessInfo.processInfo.environment[ProfileOptions.tokenVariable] != nil {
            overrides.fallbackAuth = .bearer(.secret(.environment(ProfileOptions.tokenVariable)))
        }
        if let proxy {
            do throws(ServerURLError) {
                overrides.proxy = try ProxyProfile.url(proxy)
            } catch {
                throw Failure(.badUsage, "--proxy: \(error)")
            }
        }
    }

    /// Where the agents' token is looked for when nothing else names one: it would show in the list of processes otherwise.
    static let tokenVariable = "MUSTER_TOKEN"

    /// What `--compression` may be.
    enum CompressionWord: String, ExpressibleByArgument, CaseIterable {
        case on, zstd, off

        var profile: CompressionProfile {
            switch self {
            case .on: .on
            case .zstd: CompressionProfile(websocket: true, requests: .zstd)
            case .off: .off
            }
        }
    }

    private func span(_ option: String, _ text: String?) throws -> Nanoseconds? {
        guard let text else { return nil }
        do throws(QuantityProblem) {
            return try DurationText.parse(text)
        } catch {
            throw Failure(.badUsage, "\(option): \(error)")
        }
    }
}
