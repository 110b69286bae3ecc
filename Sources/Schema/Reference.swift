// The reference in Markdown, from the description.

extension Schema {
    /// The reference: a table for each section, and one for the forms of each value that has several.
    public var markdown: String {
        var writer = ReferenceWriter()
        writer.section(described)
        return writer.text
    }
}

private struct ReferenceWriter {
    var text = ""
    private var written: Set<String> = []

    /// The table of a section, the forms of its values, and then the sections below it.
    mutating func section(_ section: Described) {
        guard written.insert(section.name).inserted else { return }
        text += "## \(section.name)\n\n\(section.documentation)\n\n"
        text += "| key | value | default | meaning |\n| --- | --- | --- | --- |\n"
        for field in section.fields { row(field) }
        if !section.choice.isEmpty {
            text += "\nExactly one of \(section.choice.map { "`\($0)`" }.joined(separator: ", ")) has to be given.\n"
        }
        text += "\n"
        for field in section.fields { forms(field.shape, field.name) }
        for field in section.fields { below(field.shape) }
    }

    private mutating func row(_ field: Field) {
        let standard = field.isRequired ? "has to be given" : field.standard.flatMap(Self.standard) ?? ""
        let since = field.since == Since.first ? "" : " Since \(field.since)."
        let option = field.option.map { " Option: `\($0)`." } ?? ""
        let cells = [
            "`\(field.name)`", Self.words(field.shape), field.shape.isSection && !field.isRequired ? "" : standard,
            "\(field.documentation)\(since)\(option)",
        ]
        text += "| \(cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ")) |\n"
    }

    private static func standard(_ tree: Tree) -> String? {
        let flow = tree.flow
        return flow.isEmpty || flow == "\"\"" || flow.utf8.count > 60 ? nil : "`\(flow)`"
    }

    private static func words(_ shape: Shape) -> String {
        switch shape.detail {
        case .scalar: return shape.words
        case .section(let section): return link(section)
        case .list(let item, _), .map(let item, _):
            return item.isSection || isUnion(item) ? "\(shape.words): \(words(item))" : shape.words
        case .optional(let inner, let none): return "\(words(inner)), or `\(none)`"
        case .forms(let forms, let tag):
            return forms.map { form in
                if case .section = form.mark, case .section(let section)? = form.payload?.core { return link(section) }
                return form.mark.isScalar ? form.payload?.words ?? "" : "`\(form.short(tag))`"
            }.joined(separator: "; ")
        }
    }

    private static func isUnion(_ shape: Shape) -> Bool { if case .forms = shape.core { true } else { false } }

    private static func link(_ section: Described) -> String {
        let anchor = section.name.lowercased().replacing(" ", with: "-").filter { $0.isLetter || "-_".contains($0) }
        return "[\(section.name)](#\(anchor))"
    }

    /// The table of a value's forms, once for values that have the same.
    private mutating func forms(_ shape: Shape, _ name: String) {
        if let item = shape.item { return forms(item, name) }
        guard case .forms(let forms, let tag) = shape.core, written.insert("forms: \(shape.words)").inserted else {
            return
        }
        text += "**Forms of `\(name)`**\n\n| value | meaning |\n| --- | --- |\n"
        for form in forms {
            var value = form.mark.isScalar ? form.payload?.words ?? "" : "`\(form.short(tag))`"
            if case .key(_, alone: true) = form.mark, let payload = form.payload { value += ": \(Self.words(payload))" }
            if case .section(let section)? = form.payload?.core, !form.mark.isAloneKey {
                value = form.mark.isSection ? Self.link(section) : "\(value), see \(Self.link(section))"
            }
            text += "| \(value.replacing("|", with: "\\|")) | \(form.documentation) |\n"
        }
        text += "\n"
    }

    private mutating func below(_ shape: Shape) {
        switch shape.core {
        case .section(let section): self.section(section)
        case .list(let item, _), .map(let item, _): below(item)
        case .forms(let forms, _): for form in forms { if let payload = form.payload { below(payload) } }
        case .scalar, .optional: break
        }
    }
}

extension FormShape.Mark {
    fileprivate var isAloneKey: Bool { if case .key(_, alone: true) = self { true } else { false } }
}

extension FormShape {
    /// What is written for the form, its value left out: `{ramp: …}`.
    fileprivate func short(_ tag: String?) -> String {
        switch mark {
        case .word(let word): word
        case .tag(let word): "{\(tag ?? ""): \(word), …}"
        case .scalar, .section: "…"
        case .key(let key, alone: true): "{\(key): …}"
        case .key(let key, alone: false): "{\(key): …, …}"
        }
    }
}
