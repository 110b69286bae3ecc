import ArgumentParser
import Basis
import Fleet
import Foundation
import Metrics
import Report
import Schema

/// `muster merge`: the results of several processes as those of one run.
struct MergeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge", abstract: "Merge the results of the shards of a run, or of several runs.",
        discussion: """
            Counts and histograms are added; times are put on one axis by the hosts' clocks. The thresholds of the \
            profile are judged on the merged figures. Exit codes as of `muster run`; 1 also where a shard is missing.
            """)

    @Argument(help: ArgumentHelp("The directories of the results.", valueName: "directory"))
    var directories: [String]

    @Option(name: .customLong("out"), help: "The directory for the merged results.")
    var out: String

    @Flag(help: "Replace the results of another run in the directory of --out.")
    var force = false

    @Option(
        name: .customLong("threshold"),
        help: ArgumentHelp("A threshold beside those of the profile. Repeatable.", valueName: "expression"))
    var thresholds: [String] = []

    @Flag(help: "A threshold that cannot be decided does not keep the run from passing.")
    var allowUndecided = false

    @Option(
        name: .customLong("junit"),
        help: ArgumentHelp("Also write the thresholds as JUnit XML to this file.", valueName: "file"))
    var junit: String?

    func run() throws {
        let runs = try read()
        let judged = try judgedThresholds(runs)
        let merge: RunMerge
        do throws(RunMergeError) { merge = try RunMerge(runs.map(\.record)) } catch {
            throw Failure(.badUsage, "\(error)")
        }
        let directory: ResultsDirectory
        do throws(ResultsError) { directory = try ResultsDirectory.create(at: out, replacing: force) } catch {
            throw Failure(.badUsage, "\(error)")
        }
        var record = merge.record(name: directory.run, thresholds: judged)
        record.summary.allowsUndecided = allowUndecided
        do throws(ResultsErrors) { try directory.write(record) } catch { throw Failure(.runFailed, "\(error)") }
        print(
            ClosingTable.lines(
                for: record.summary, width: Terminal.width, style: Terminal.style,
                advice: RunAdvice.sentences(record)
            ).joined(separator: "\n"))
        print("results: \(directory.path)")
        if let junit { try RunEnd.writeJUnit(record.summary, to: junit) }
        withExtendedLifetime(directory) {}
        try RunEnd.check(record.summary, allowUndecided: allowUndecided)
    }

    private func read() throws -> [(stored: StoredRun, record: RunRecord)] {
        do throws(StoredRunError) {
            var runs: [(StoredRun, RunRecord)] = []
            for path in directories {
                let stored = try StoredRun(path: path)
                runs.append((stored, try stored.record { try? ThresholdParser.parse($0) }))
            }
            return runs
        } catch { throw Failure(.badUsage, "\(error)") }
    }

    /// Those of the runs, each once, and those of the command line.
    private func judgedThresholds(_ runs: [(stored: StoredRun, record: RunRecord)]) throws -> [Threshold] {
        var judged: [Threshold] = []
        for threshold in runs.flatMap({ $0.record.summary.thresholds.map(\.threshold) })
        where !judged.contains(where: { $0.text == threshold.text }) {
            judged.append(threshold)
        }
        for text in thresholds {
            do { judged.append(try ThresholdParser.parse(text)) } catch {
                throw Failure(.badUsage, "--threshold '\(text)': \(error)")
            }
        }
        return judged
    }
}
