import ArgumentParser
import Engine
import Fleet

/// `muster check`: what a profile asks for, without running it.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Validate a profile and show the load that it stands for.")

    @OptionGroup var options: ProfileOptions

    @Flag(help: "Print the profile with every default filled in, instead of the summary.")
    var resolved = false

    func run() throws {
        let profile = try options.resolve()
        guard !resolved else { return Output.standard.print(profile.resolvedYAML) }
        Output.standard.print(PlanSummary(profile).text(width: Terminal.width ?? 100))
        let remedy = profile.capacity().remedy.map { "This machine is too small for it as it is set up.\n\($0)" }
        Output.standard.print(remedy ?? "This machine has room for it.")
    }
}
