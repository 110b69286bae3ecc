import ArgumentParser
import Engine
import Fleet
import Schema

/// `muster check`: what a profile describes, without running it.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Validate a profile and show the load that it describes.")

    @OptionGroup var options: ProfileOptions

    @Flag(help: "Print the profile with every default filled in, instead of the summary.")
    var resolved = false

    @Option(help: ArgumentHelp("Explain a key instead, such as heartbeat.interval.", valueName: "key"))
    var explain: String?

    func run() throws {
        if let explain { return print(try String(explanation(of: explain).dropLast())) }
        let profile = try options.resolve()
        guard !resolved else { return print(profile.resolvedYAML) }
        print(PlanSummary(profile).text(width: Terminal.width ?? 100))
        let remedy = profile.capacity().remedy.map {
            "This machine has not enough resources for it as it is configured.\n\($0)"
        }
        print(remedy ?? "This machine has enough resources for it.")
    }

    /// A key is explained for a profile with errors, too, without its value there.
    private func explanation(of key: String) throws -> String {
        do throws(Problem) {
            return try ProfileProducts.explanation(of: key, in: options.path == nil ? nil : try? options.resolve())
        } catch {
            throw Failure(.badUsage, "--explain: \(error)")
        }
    }
}
