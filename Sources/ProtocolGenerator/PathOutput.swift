/// Writes the ways to fields that are counted and not read, as the tags of each step.
struct PathOutput {
    let schema: ProtocolSchema

    func file() -> String {
        var out = SwiftText()
        out.doc(
            0, "The ways from a message to fields deep in it: at each step the tags of the fields that are entered.")
        out.line(0, "enum FieldPaths {")
        for path in schema.paths {
            let tags = self.tags(path).map { "[\($0.map(String.init).joined(separator: ", "))]" }
            let steps = path.steps.map { $0.joined(separator: "/") }.joined(separator: ".")
            out.doc(1, "`\(path.message)`: `\(steps)`.")
            out.line(1, "static let \(path.name): [[UInt32]] = [\(tags.joined(separator: ", "))]")
        }
        out.line(0, "}")
        return out.text
    }

    private func tags(_ path: ProtocolSchema.Path) -> [[Int]] {
        var messages = [path.message]
        var tags: [[Int]] = []
        for step in path.steps {
            let fields = messages.flatMap { schema.type($0)?.fields ?? [] }.filter { step.contains($0.name) }
            precondition(Set(fields.map(\.name)) == Set(step), "\(path.name): \(messages) have no \(step)")
            tags.append(Set(fields.map(\.tag)).sorted())
            messages = fields.compactMap { field in
                switch field.type {
                case .message(let name), .list(.message(let name)): name
                default: nil
                }
            }
        }
        return tags
    }
}
