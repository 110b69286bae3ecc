import ArgumentParser
import Fleet
import Foundation
import Metrics

/// The part of a fleet that one process runs, and when it starts; with them several hosts make one run.
struct RunPartOptions: ParsableArguments {
    @Option(
        name: .customLong("shard"),
        help: ArgumentHelp(
            """
            Run only this part of the fleet: 1/4 to 4/4 are one run, on four hosts or four processes \
            (`muster merge`).
            """,
            valueName: "i/n"),
        transform: { text in
            guard let part = RunPart(text) else {
                throw ValidationError("write 2/4 for the second of four, at most \(RunPart.limit)")
            }
            return part
        })
    var part: RunPart?

    @Option(
        help: ArgumentHelp(
            "Start at this time: 2026-11-30T18:00:00Z, or @ and seconds since 1970. All shards start together.",
            valueName: "time"))
    var startAt: StartTime?

    /// - Throws: `Failure` where the shards could not be one run.
    func check(_ profile: Profile) throws {
        if part != nil, case .embedded = profile.server {
            throw Failure(
                .badUsage,
                "--shard: the shards of a run need one server: name it with --server, an embedded one is not shared."
            )
        }
        if let startAt, startAt.seconds < Date().timeIntervalSince1970 {
            throw Failure(.badUsage, "--start-at: that time is over.")
        }
    }

    /// What the user is told before the run.
    var notes: [String] {
        var notes: [String] = []
        if let part {
            notes.append(
                "shard \(part): the counts of the server are not asked for; they are those of all shards")
        }
        if let startAt {
            let wait = startAt.seconds - Date().timeIntervalSince1970
            notes.append("starts in \(max(Int(wait.rounded()), 0)) s")
        }
        return notes
    }
}

/// A moment by the clocks of all hosts.
struct StartTime: ExpressibleByArgument {
    /// Since 1970.
    let seconds: Double

    init?(argument: String) {
        if argument.hasPrefix("@") {
            guard let seconds = Double(argument.dropFirst()), seconds.isFinite, seconds > 0, seconds < 1e11 else {
                return nil
            }
            self.seconds = seconds
            return
        }
        let formats = [Date.ISO8601FormatStyle(), Date.ISO8601FormatStyle(includingFractionalSeconds: true)]
        guard let date = formats.lazy.compactMap({ try? $0.parse(argument) }).first else { return nil }
        seconds = date.timeIntervalSince1970
    }
}
