import ArgumentParser
import Foundation

/// `muster man`: the manual page, made from the same declarations as `--help`.
struct ManCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "man", abstract: "Print the manual page, in roff: muster man > muster.1.")

    func run() throws {
        guard let page = ManPage(Muster._dumpHelp()) else { throw Failure(.runFailed, "the help could not be read.") }
        print(page.text, terminator: "")
    }
}

/// A manual page in roff's `man` macros.
struct ManPage {
    /// The parser's description of the command line.
    private struct Tool: Decodable {
        var command: Command
    }

    private struct Command: Decodable {
        var commandName: String
        var abstract: String?
        var discussion: String?
        var subcommands: [Command]?
        var arguments: [Argument]?
    }

    private struct Argument: Decodable {
        struct Name: Decodable {
            var kind: String
            var name: String
        }

        var kind: String
        var shouldDisplay: Bool?
        var isRepeating: Bool?
        var names: [Name]?
        var valueName: String?
        var defaultValue: String?
        var abstract: String?
        var discussion: String?
    }

    private let root: Command

    /// - Parameter json: what the parser prints of itself; nil where it is something else.
    init?(_ json: String) {
        guard let tool = try? JSONDecoder().decode(Tool.self, from: Data(json.utf8)) else { return nil }
        root = tool.command
    }

    var text: String {
        var lines = [
            ".TH MUSTER 1 \"\" \"\(Self.escaped(Version.text))\" \"User Commands\"", ".SH NAME",
            "muster \\- \(Self.escaped(root.abstract ?? ""))", ".SH SYNOPSIS", ".B muster", ".I command", "[options]",
            ".SH DESCRIPTION", Self.escaped(root.discussion ?? ""), ".SH COMMANDS",
        ]
        for command in root.subcommands ?? [] where command.commandName != "help" {
            lines += [".SS muster \(Self.escaped(command.commandName))", Self.escaped(command.abstract ?? "")]
            if let discussion = command.discussion { lines += [".PP", Self.escaped(discussion)] }
            lines += Self.arguments(of: command, prefix: "")
            for inner in command.subcommands ?? [] where inner.commandName != "help" {
                lines += [".PP", ".B \(Self.escaped("\(command.commandName) \(inner.commandName)"))"]
                lines += [Self.escaped(inner.abstract ?? "")] + Self.arguments(of: inner, prefix: "")
            }
        }
        lines += [".SH FILES", ".TP", ".I results/", "The results of runs, a directory each.", ".SH SEE ALSO"]
        lines.append("The documents beside the source: README.md and docs/.")
        return lines.filter { !$0.isEmpty }.joined(separator: "\n") + "\n"
    }

    private static func arguments(of command: Command, prefix: String) -> [String] {
        (command.arguments ?? []).filter { $0.shouldDisplay ?? true }.flatMap { argument -> [String] in
            let names = (argument.names ?? []).map { ($0.kind == "short" ? "-" : "--") + $0.name }
            let value = argument.valueName.map { " \\fI\(escaped($0))\\fR" } ?? ""
            let title: String
            switch argument.kind {
            case "positional": title = "\\fI\(escaped(argument.valueName ?? ""))\\fR"
            case "flag": title = names.map { "\\fB\(escaped($0))\\fR" }.joined(separator: ", ")
            default: title = names.map { "\\fB\(escaped($0))\\fR" }.joined(separator: ", ") + value
            }
            var text = argument.abstract ?? ""
            if let usual = argument.defaultValue, !usual.isEmpty { text += " (default: \(usual))" }
            return [".TP", title + (argument.isRepeating == true ? " ..." : ""), escaped(text)]
        }
    }

    /// A text that roff shows as it is.
    static func escaped(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: true).map { line in
            var escaped = line.replacing("\\", with: "\\e").replacing("-", with: "\\-")
            // A line that begins so is a request of roff.
            if escaped.hasPrefix(".") || escaped.hasPrefix("'") { escaped = "\\&" + escaped }
            return String(escaped)
        }.joined(separator: "\n")
    }
}
