import ArgumentParser
import Engine
import Fleet

/// `muster check`: what a profile describes, without running it.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Validate a profile and show the load that it describes.")

    @OptionGroup var options: ProfileOptions

    @Flag(help: "Print the profile with every default filled in, instead of the summary.")
    var resolved = false

    func run() throws {
        let profile = try options.resolve()
        guard !resolved else { return Output.standard.print(profile.resolvedYAML) }
        Output.standard.print(PlanSummary(profile).text(width: Terminal.width ?? 100))
        let remedy = profile.capacity().remedy.map {
            "This machine has not enough resources for it as it is configured.\n\($0)"
        }
        Output.standard.print(remedy ?? "This machine has enough resources for it.")
    }
}
