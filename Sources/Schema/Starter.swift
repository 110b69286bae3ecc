// A document to begin with, from the description.

extension Schema {
    /// A document with every key: those of `given` with their values, the others in comments with their defaults. A key
    /// without a default has an example behind `##`, as all sentences are.
    /// - Parameter given: keys from the top, such as `heartbeat.interval`, with their values in YAML.
    public func starter(_ given: [String: String]) -> String {
        var writer = StarterWriter(given: given)
        writer.say(
            "\(documentation) Remove the '# ' before a key to change it; '## ' begins an explanation or an example.", 0)
        writer.write(described.fields, 0, "")
        return writer.text
    }
}

private struct StarterWriter {
    let given: [String: String]
    var text = ""

    mutating func write(_ fields: [Field], _ depth: Int, _ prefix: String) {
        let indent = String(repeating: "  ", count: depth)
        for field in fields {
            let way = prefix + field.name
            if depth == 0 { text += "\n" }
            let value = given[way] ?? field.usual
            let bounds = field.shape.isSection ? "" : " (\(field.shape.words))"
            say(field.documentation + bounds, depth)
            if case .section(let section) = field.shape.core, given[way] == nil {
                let isGiven = given.keys.contains { $0.hasPrefix("\(way).") }
                // Without a key that has a default there is nothing to uncomment below.
                let mark = isGiven ? "" : section.hasDefaults ? "# " : "## "
                text += "\(mark)\(indent)\(field.name):\n"
                write(section.fields, depth + 1, "\(way).")
            } else {
                let mark = given[way] != nil ? "" : value != nil ? "# " : "## "
                text += "\(mark)\(indent)\(field.name): \(value ?? field.shape.example)\n"
            }
        }
    }

    /// A sentence in comments, wrapped.
    mutating func say(_ sentence: String, _ depth: Int) {
        let indent = "## " + String(repeating: "  ", count: depth)
        var line = ""
        for word in sentence.split(separator: " ") {
            if !line.isEmpty, indent.count + line.count + 1 + word.count > 100 {
                text += "\(indent)\(line)\n"
                line = ""
            }
            line += line.isEmpty ? String(word) : " \(word)"
        }
        text += "\(indent)\(line)\n"
    }
}

extension Field {
    /// The default as it may be written, if there is one to show.
    fileprivate var usual: String? {
        guard let standard, !isRequired, standard.flow.utf8.count <= 100 else { return nil }
        switch standard.shape {
        case .list(let items) where items.isEmpty: return nil
        case .mapping(let entries) where entries.isEmpty: return nil
        default: return standard.flow
        }
    }
}

extension Described {
    fileprivate var hasDefaults: Bool {
        fields.contains { field in
            if case .section(let section) = field.shape.core { return section.hasDefaults }
            return field.usual != nil
        }
    }
}
