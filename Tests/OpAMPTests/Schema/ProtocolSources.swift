import Foundation

@testable import ProtocolGenerator

/// The repository's files that the generator reads and writes.
enum ProtocolSources {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appending(path: "../../..").standardizedFileURL

    /// The text of the file at a path from the repository's root.
    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// Everything that OpAMP messages consist of.
    static func schema() throws -> ProtocolSchema {
        let attributes = try SchemaParser(
            file: "attributes.schema", text: try text("protocol/attributes.schema")
        ).schema
        var schema = try SchemaParser(
            file: "opamp.schema", text: try text("protocol/opamp.schema"), known: [attributes]
        ).schema
        schema.sections += attributes.sections
        return schema
    }
}
