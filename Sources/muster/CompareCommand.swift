import ArgumentParser
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

    @Option(
        name: .customLong("noise-from"), parsing: .upToNextOption,
        help: ArgumentHelp(
            "Former runs of one build on this machine, eight or more: they say how runs vary, for one run a side.",
            valueName: "directories"))
    var noiseFrom: [String] = []

    @OptionGroup var output: ComparisonOptions

    func run() throws {
        // What follows `--` are the last directories: the parser leaves the mark itself out.
        let arguments = CommandLine.arguments
        let ofB = arguments.firstIndex(of: "--").map { arguments.count - 1 - $0 } ?? 0
        guard ofB > 0, ofB < directories.count else { throw Failure(.badUsage, "\(ComparisonError.noRuns)") }
        try output.show(
            try output.compare(Array(directories.dropLast(ofB)), Array(directories.suffix(ofB)), noise: noiseFrom))
    }
}
