import ArgumentParser
import Fleet
import Foundation
import Schema

/// The profile and what the command line changes of it; shared by `run` and `check`.
struct ProfileOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            """
            The profile to use: the path of a YAML file, or a name of `muster profiles`. Without it every key \
            has its default.
            """,
            valueName: "profile"))
    var path: String?

    @Option(
        help: "The server under test, ws://, wss://, http:// or https://host:port/path (default: an embedded one)."
    )
    var server: String?

    @Option(help: "The number of agents.")
    var agents: String?

    @Option(help: "The duration of the run, arrival included: 30s, 5m, 1h30m.")
    var duration: String?

    @Option(help: "The time limit for the agents to disconnect at the end: 10s.")
    var drain: String?

    @Option(help: "The seed of all randomness.")
    var seed: String?

    @Option(help: "The heartbeat interval of every cohort: 500ms, 10s.")
    var heartbeat: String?

    @Option(help: "The number of shards that the agents run on (default: one per core).")
    var shards: String?

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
            """
            A header of every upgrade and request, 'Name: value'; placeholders such as {{index}} are replaced \
            for each agent. Repeatable.
            """
    )
    var headers: [String] = []

    @Option(
        name: .customLong("token-file"),
        help:
            """
            A file with the bearer token of all agents, or one token per agent, one per line (default: \
            MUSTER_TOKEN, if set).
            """
    )
    var tokenFile: String?

    @Option(help: "An HTTP proxy that opens tunnels to the server: http://host:port.")
    var proxy: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Any other key with its value in YAML: limits.connect_timeout=5s. Repeatable.", valueName: "key=value"))
    var settings: [String] = []

    @Option(
        name: .customLong("threshold"),
        help: ArgumentHelp(
            "A limit by which the run passes or fails: 'heartbeat.response.p99 < 250ms'. Repeatable.",
            valueName: "expression"))
    var thresholds: [String] = []

    @OptionGroup(title: "TLS") var tls: TLSOptions

    /// The profile with the command line's changes.
    /// - Throws: `Failure` with every error and its place.
    func resolve() throws -> Profile {
        let overrides = try overrides()
        let file = try path.map { try BundledProfiles.path(of: $0) }
        do throws(Problems) {
            guard let file else {
                return try ProfileReader().read(text: "{}", source: "command line", overrides: overrides)
            }
            return try ProfileReader().read(path: file, overrides: overrides)
        } catch {
            throw Failure(.badUsage, "\(error)")
        }
    }

    private func overrides() throws -> [Override] {
        let keys = [
            ("--agents", agents), ("--seed", seed), ("--server", server), ("--duration", duration), ("--drain", drain),
            ("--heartbeat", heartbeat), ("--shards", shards),
        ]
        var overrides = keys.compactMap { option, value in value.map { Override.key(option, $0) } }
        if !sources.isEmpty { overrides.append(.list("--source", ["sources"], sources)) }
        if let compression { overrides.append(.compression("--compression", compression.rawValue)) }
        for header in headers {
            guard let colon = header.firstIndex(of: ":") else {
                throw Failure(.badUsage, "--header: write it as 'Name: value'.")
            }
            let value = header[header.index(after: colon)...].drop { $0 == " " }
            overrides.append(.header("--header", name: String(header[..<colon]), value: String(value)))
        }
        if let tokenFile {
            overrides.append(.tokenFile("--token-file", tokenFile))
        } else if ProcessInfo.processInfo.environment[ProfileOptions.tokenVariable] != nil {
            overrides.append(.tokenVariable(ProfileOptions.tokenVariable))
        }
        overrides += thresholds.map { .threshold("--threshold", $0) }
        if let proxy { overrides.append(.proxy("--proxy", proxy)) }
        for setting in settings {
            do throws(Problem) {
                overrides.append(try .setting(setting, option: "--set"))
            } catch {
                throw Failure(.badUsage, "\(error)")
            }
        }
        return overrides + (try tls.overrides())
    }

    /// Where the agents' token is looked for when nothing else names one: it would show in the list of processes
    /// otherwise.
    static let tokenVariable = "MUSTER_TOKEN"

    /// What `--compression` may be.
    enum CompressionWord: String, ExpressibleByArgument, CaseIterable {
        case on, zstd, off
    }
}
