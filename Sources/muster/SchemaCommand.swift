import ArgumentParser
import Fleet

/// `muster schema`: the keys of a profile, as documentation and for editors.
struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Print the reference of profiles, or their JSON Schema.")

    enum Form: String, EnumerableFlag {
        case markdown, json

        static func help(for value: Form) -> ArgumentHelp? {
            switch value {
            case .markdown: "The reference in Markdown."
            case .json: "JSON Schema, for editors."
            }
        }
    }

    @Flag var form: Form

    func run() {
        switch form {
        case .markdown: print(String(ProfileProducts.reference.dropLast()))
        case .json: print(String(ProfileProducts.jsonSchema.dropLast()))
        }
    }
}
