import ArgumentParser
import Basis
import Foundation
import Report

/// `muster compare`: whether one side of runs is worse than another.
struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", abstract: "Compare the results of runs of two builds.",
        usage: "muster compare [<options>] <A> … -- <B> …",
        discussion: """
            Three runs a side are needed for a verdict, five are better; make them in turn (`muster repeat`). \
            Exit codes with --fail-if worse: 0 not worse; 3 worse; 4 the runs support no verdict.
            """)

    @Argument(
        help: ArgumentHelp(
            "The directories of the results of side A, then, after `--`, those of side B.", valueName: "directories"))
    var directories: [String]

    @Option(help: "The change that does not matter: 5%.")
    var margin = "5%"

    @Option(
        name: .customLong("noise-from"), parsing: .upToNextOption,
        help: ArgumentHelp(
            "Former runs of one build on this machine, eight or more: they say how runs vary, for one run a side.",
            valueName: "directories"))
    var noiseFrom: [String] = []

    @Option(name: .customLong("fail-if"), help: "worse: end with exit code 3 if a judged figure is worse.")
    var failIf: Condition?

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(help: "Print Markdown, for a comment on a pull request.")
    var markdown = false

    @Option(help: ArgumentHelp("Also write JUnit XML to this file.", valueName: "file"))
    var junit: String?

    @Option(
        help: ArgumentHelp(
            "Also write a page (HTML) to this file, both sides' charts over each other.", valueName: "file"))
    var html: String?

    enum Condition: String, ExpressibleByArgument, CaseIterable {
        case worse
    }

    func run() throws {
        // What follows `--` are the last directories: the parser leaves the mark itself out.
        let arguments = CommandLine.arguments
        let ofB = arguments.firstIndex(of: "--").map { arguments.count - 1 - $0 } ?? 0
        guard ofB > 0, ofB < directories.count else { throw Failure(.badUsage, "\(ComparisonError.noRuns)") }
        let comparison = try ComparisonOutput.compare(
            Array(directories.dropLast(ofB)), Array(directories.suffix(ofB)), margin: margin, noise: noiseFrom)
        try ComparisonOutput.write(comparison, json: json, markdown: markdown, junit: junit, html: html)
        guard failIf != nil else { return }
        try ComparisonOutput.gate(comparison)
    }
}

/// What `compare` and `repeat` share: reading, printing, the exit code.
enum ComparisonOutput {
    static func compare(
        _ a: [String], _ b: [String], margin: String, noise: [String] = []
    ) throws -> RunComparison {
        let share: Double
        do { share = try ShareOption.parse("--margin", margin) }
        do throws(ComparisonError) {
            var sides: [[ComparedRun]] = []
            for paths in [a, b, noise] {
                var runs: [ComparedRun] = []
                for path in paths { runs.append(try ComparedRun(path: path)) }
                sides.append(runs)
            }
            return try RunComparison(sides[0], sides[1], margin: share, noise: sides[2])
        } catch { throw Failure(.badUsage, "\(error)") }
    }

    static func write(
        _ comparison: RunComparison, json: Bool, markdown: Bool, junit: String?, html: String? = nil
    ) throws {
        if json {
            print(String(decoding: try comparison.document.json(), as: UTF8.self), terminator: "")
        } else if markdown {
            print(comparison.markdown, terminator: "")
        } else {
            print(comparison.lines(style: Terminal.style).joined(separator: "\n"))
        }
        do throws(FileError) {
            if let junit { try Files.replace(junit, with: comparison.junit.utf8) }
            if let html { try Files.replace(html, with: ComparisonPage.html(comparison).utf8) }
        } catch {
            throw Failure(.runFailed, "\(error)")
        }
    }

    static func gate(_ comparison: RunComparison) throws {
        switch comparison.gate {
        case .worse: throw ExitStatus.thresholdFailed
        case .none: throw ExitStatus.thresholdNotDecided
        case .notWorse: return
        }
    }
}
