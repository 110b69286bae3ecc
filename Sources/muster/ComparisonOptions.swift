import ArgumentParser
import Basis
import Foundation
import Report

/// What `compare` and `repeat` share: the options, reading, printing, the exit code.
struct ComparisonOptions: ParsableArguments {
    @Option(help: "The change that does not matter: 5%.")
    var margin = "5%"

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

    /// What `--margin` says.
    /// - Throws: `Failure`, with what to write instead.
    func share() throws -> Double { try ShareOption.parse("--margin", margin) }

    /// Reads the runs of both sides, and former ones.
    /// - Throws: `Failure`, with the directory that cannot be used and why.
    func compare(_ a: [String], _ b: [String], noise: [String] = []) throws -> RunComparison {
        let margin = try share()
        do throws(ComparisonError) {
            var sides: [[ComparedRun]] = []
            for paths in [a, b, noise] {
                var runs: [ComparedRun] = []
                for path in paths { runs.append(try ComparedRun(path: path)) }
                sides.append(runs)
            }
            return try RunComparison(sides[0], sides[1], margin: margin, noise: sides[2])
        } catch { throw Failure(.badUsage, "\(error)") }
    }

    /// Prints the comparison, writes the files that are asked for, and judges it where `--fail-if` is given.
    /// - Throws: `Failure` where a file cannot be written, `ExitStatus` by the verdict.
    func show(_ comparison: RunComparison) throws {
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
        guard failIf != nil else { return }
        switch comparison.gate {
        case .worse: throw ExitStatus.thresholdFailed
        case .none: throw ExitStatus.thresholdNotDecided
        case .notWorse: return
        }
    }
}
