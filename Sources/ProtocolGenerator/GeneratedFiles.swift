/// A module that messages are generated into.
struct ProtocolModule {
    /// The folder of the module's generated files.
    var folder: String
    /// What the messages are described in.
    var specification: String
    var isPublic: Bool
    /// Whether other modules' encoders are compiled from the source of `visit`.
    var isInlinable: Bool
    /// Whether the runtime is another module.
    var importsRuntime: Bool
    /// Whether messages are decoded into an arena as well.
    var hasArena: Bool

    var access: String { isPublic ? "public " : "" }
    var importAccess: String { isPublic ? "public" : "internal" }
    var witnessAccess: String { isPublic ? "package " : "" }
}

/// Every file that the schemas yield, by its path from the repository's root.
struct GeneratedFiles {
    private(set) var files: [(path: String, text: String)] = []

    /// - Parameter text: The text of the file at a path from the repository's root.
    init(reading text: (String) throws -> String) throws {
        let attributes = try Self.schema("protocol/attributes.schema", text)
        var opamp = try Self.schema("protocol/opamp.schema", text, known: [attributes])

        let shared = ProtocolModule(
            folder: "Sources/Protobuf/Generated", specification: "OTLP and OpAMP", isPublic: true, isInlinable: true,
            importsRuntime: false, hasArena: true)
        add(attributes, in: shared)
        let module = ProtocolModule(
            folder: "Sources/OpAMP/Generated", specification: "spec", isPublic: true, isInlinable: false,
            importsRuntime: true, hasArena: true)
        add(opamp, in: module)
        var views = ViewOutput(opamp)
        for view in opamp.views { files.append(("\(module.folder)/\(view.message)View.swift", views.file(view))) }
        var shorts = ShortOutput(opamp)
        var arena = ArenaOutput(opamp, module)
        files.append(("\(module.folder)/ArenaDecoder+Messages.swift", arena.roots(opamp.views)))
        files.append(("\(module.folder)/ShortMessages.swift", shorts.file()))

        let otlp = try Self.schema("protocol/otlp.schema", text, known: [attributes])
        let telemetry = ProtocolModule(
            folder: "Sources/OTLP/Generated", specification: "OTLP", isPublic: false, isInlinable: false,
            importsRuntime: true, hasArena: false)
        add(otlp, in: telemetry)
        files.append(("\(telemetry.folder)/FieldPaths.swift", PathOutput(schema: otlp).file()))

        add(
            try Self.schema("protocol/prometheus.schema", text),
            in: ProtocolModule(
                folder: "Sources/Prometheus/Generated", specification: "Prometheus", isPublic: false,
                isInlinable: false, importsRuntime: true, hasArena: false))

        opamp.sections += attributes.sections
        let reference = ReferenceOutput(schema: opamp)
        files.append(("\(module.folder)/SpecificationVersion.swift", reference.versions()))
        files.append(("docs/protocol.md", reference.reference()))
    }

    private mutating func add(_ schema: ProtocolSchema, in module: ProtocolModule) {
        var types = TypeOutput(schema, module)
        for section in schema.sections { files.append(("\(module.folder)/\(section.file).swift", types.file(section))) }
        guard module.hasArena else { return }
        var arena = ArenaOutput(schema, module)
        for section in schema.sections {
            files.append(("\(module.folder)/\(section.file)Records.swift", arena.file(section)))
        }
    }

    private static func schema(
        _ path: String, _ text: (String) throws -> String, known: [ProtocolSchema] = []
    ) throws -> ProtocolSchema {
        try SchemaParser(file: path, text: try text(path), known: known).schema
    }
}
