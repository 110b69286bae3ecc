// JSON Schema, from the description: for editors. The reader judges more: ranges of quantities and rules.

extension Schema {
    /// JSON Schema, draft 2020-12.
    public func jsonSchema(id: String) -> JSON {
        var writer = JSONSchemaWriter()
        let root = writer.object(described)
        let head: [Named<JSON>] = [
            Named("$schema", "https://json-schema.org/draft/2020-12/schema"), Named("$id", .string(id)),
            Named("title", .string(name)), Named("description", .string(documentation)),
        ]
        return .object(head + root + [Named("$defs", .object(JSONSchemaWriter.quantities + writer.definitions))])
    }
}

private struct JSONSchemaWriter {
    var definitions: [Named<JSON>] = []

    /// The texts of quantities, which are the same everywhere.
    static let quantities: [Named<JSON>] = {
        func pattern(_ pattern: String, _ example: JSON, zero: Bool = false) -> JSON {
            let text: JSON = ["type": "string", "pattern": .string(pattern), "examples": .array([example])]
            return zero ? ["anyOf": [text, ["const": 0]]] : text
        }
        let number = "[0-9]+(\\.[0-9]+)?"
        let duration =
            "^(0|(\(number)d)?(\(number)h)?(\(number)m)?(\(number)s)?(\(number)ms)?(\(number)(us|µs))?(\(number)ns)?)$"
        return [
            Named("duration", pattern(duration, "1m30s", zero: true)),
            Named("size", pattern("^\(number)(B|KiB|MiB)$", "4KiB", zero: true)),
            Named(
                "share",
                [
                    "anyOf": [
                        ["type": "string", "pattern": .string("^\(number)%$")],
                        ["type": "number", "minimum": 0, "exclusiveMaximum": 1],
                    ]
                ]),
            Named("rate", pattern("^\(number)/(s|m|min|h)$", "100/s")),
            Named("byteRate", pattern("^\(number)(B|KiB|MiB)/s$", "10MiB/s")),
            Named("text", ["type": ["string", "number", "boolean"]]),
        ]
    }()

    mutating func object(_ section: Described, tag: (key: String, word: String)? = nil) -> [Named<JSON>] {
        var properties: [Named<JSON>] = tag.map { [Named($0.key, ["const": .string($0.word)])] } ?? []
        for field in section.fields {
            var schema: [Named<JSON>] = [Named("description", .string(field.documentation))]
            if case .object(let entries) = self.schema(field.shape) { schema += entries }
            properties.append(Named(field.name, .object(schema)))
        }
        let required = (tag.map { [$0.key] } ?? []) + section.fields.filter(\.isRequired).map(\.name)
        var object: [Named<JSON>] = [
            Named("type", "object"), Named("properties", .object(properties)), Named("additionalProperties", false),
        ]
        if !required.isEmpty { object.append(Named("required", .array(required.map { .string($0) }))) }
        if !section.choice.isEmpty {
            object.append(Named("oneOf", .array(section.choice.map { ["required": [.string($0)]] })))
        }
        return object
    }

    mutating func schema(_ shape: Shape) -> JSON {
        switch shape.detail {
        case .scalar(let json): return json
        case .list(let item, let count):
            return [
                "type": "array", "items": schema(item), "minItems": .number(count.lowerBound),
                "maxItems": .number(count.upperBound),
            ]
        case .map(let item, let count):
            return [
                "type": "object", "additionalProperties": schema(item), "minProperties": .number(count.lowerBound),
                "maxProperties": .number(count.upperBound),
            ]
        case .optional(let shape, let none): return ["anyOf": [["const": .string(none)], schema(shape)]]
        case .section(let section): return definition(section.name) { writer in .object(writer.object(section)) }
        case .forms(let forms, let tag):
            return ["anyOf": .array(forms.flatMap { form in self.forms(form, tag) })]
        }
    }

    private mutating func forms(_ form: FormShape, _ tag: String?) -> [JSON] {
        switch form.mark {
        case .word(let word):
            let object: [JSON] =
                tag.map {
                    [
                        [
                            "type": "object", "properties": .object([Named($0, ["const": .string(word)])]),
                            "required": [.string($0)], "additionalProperties": false,
                        ]
                    ]
                } ?? []
            return [["const": .string(word), "description": .string(form.documentation)]] + object
        case .scalar, .section: return form.payload.map { [schema($0)] } ?? []
        case .key(let key, alone: true):
            guard let payload = form.payload else { return [] }
            let properties: JSON = .object([Named(key, schema(payload))])
            return [
                [
                    "type": "object", "description": .string(form.documentation), "properties": properties,
                    "required": [.string(key)], "additionalProperties": false,
                ]
            ]
        case .key: return form.payload.map { [schema($0)] } ?? []
        case .tag(let word):
            guard case .section(let section)? = form.payload?.detail, let tag else { return [] }
            return [
                ["const": .string(word), "description": .string(form.documentation)],
                .object(object(section, tag: (tag, word))),
            ]
        }
    }

    /// A section is written once and referred to by its name.
    private mutating func definition(_ name: String, _ make: (inout JSONSchemaWriter) -> JSON) -> JSON {
        let key = name.replacing(" ", with: "-")
        if !definitions.contains(where: { $0.name == key }) {
            definitions.append(Named(key, true))
            let made = make(&self)
            if let index = definitions.firstIndex(where: { $0.name == key }) { definitions[index].value = made }
        }
        return .ref(key)
    }
}
