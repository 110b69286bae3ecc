import ArgumentParser
import Basis
import Fleet

/// The profile and what the command line changes of it; shared by `run` and `check`.
struct ProfileOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp("The profile to use, a YAML file; every default where left out.", valueName: "profile"))
    var path: String?

    @Option(help: "The server under test, ws://host:port/path; an embedded one where left out.")
    var server: String?

    @Option(help: "How many agents.")
    var agents: Int?

    @Option(help: "How long the run takes, arrival included: 30s, 5m, 1h30m.")
    var duration: String?

    @Option(help: "How long the fleet may take to leave: 10s.")
    var drain: String?

    @Option(help: "The seed that all randomness derives from.")
    var seed: UInt64?

    @Option(help: "The heartbeat interval of every cohort: 500ms, 10s.")
    var heartbeat: String?

    @Option(help: "On how many shards the agents run; one for each core where left out.")
    var shards: Int?

    @Option(
        name: .customLong("source"), parsing: .upToNextOption,
        help: "Addresses to connect from, in turn: each adds about 28,000 connections to one destination.")
    var sources: [String] = []

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
        return try ProfileReader().read(path: path)
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
        if let server {
            do throws(ServerURLError) {
                overrides.server = try ServerURL(server)
            } catch {
                throw Failure(.badUsage, "--server: \(error)")
            }
        }
        return overrides
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
