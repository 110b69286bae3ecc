// What there is to say about one key, from its description.

extension Schema {
    /// What a key is: its kind and bounds, what it does, default, option, version, forms and keys below.
    /// - Parameters:
    ///   - way: keys from the top, such as `cohorts.heartbeat.interval`; numbers of items (`cohorts[0]`) and names of
    ///     entries may be in between. Empty: the document as a whole.
    ///     - section: a document whose value for the key is shown too.
    /// - Throws: an unknown key, with the keys that are there instead.
    public func explain(_ way: String, in section: Section? = nil) throws(Problem) -> String {
        let parts = way.split { ".[]".contains($0) }.map(String.init)
        var shape = Shape(section: described)
        var found: Field?
        var hasFacts = false
        var walked: [String] = []
        for part in parts where Int(part) == nil {
            guard let next = shape.below.first(where: { $0.name == part }) else {
                if let item = shape.item {
                    // A name of the document's own.
                    walked.append(part)
                    (shape, hasFacts) = (item, false)
                    continue
                }
                throw Problem(.unknownKey(part, allowed: shape.below.map(\.name)), path: walked.joined(separator: "."))
            }
            walked.append(part)
            (shape, found, hasFacts) = (next.shape, next, true)
        }
        var text = "\(walked.isEmpty ? name : walked.joined(separator: ".")): \(shape.explained)\n"
        text += "  \(found?.documentation ?? documentation)\n"
        for (label, value) in found?.facts ?? [] where hasFacts { text += "  \(label): \(value)\n" }
        for line in section.map({ values(parts, of: $0) }) ?? [] { text += "  \(line)\n" }
        if case .forms(let forms, let tag) = shape.core {
            text += "  forms:\n"
            for form in forms { text += "    \(form.pattern(tag)): \(form.documentation)\n" }
        }
        let names = shape.below.map(\.name)
        if !names.isEmpty { text += "  keys: \(names.joined(separator: ", "))\n" }
        return text
    }

    /// The value of a key in a document, or its values in the items of a list that the key is also given beside.
    private func values(_ parts: [String], of section: Section) -> [String] {
        guard !parts.isEmpty, let tree = kind.write(section)?.redacted else { return [] }
        if let value = tree.value(parts[...]) { return value.isFlat ? ["here: \(value.flow)"] : [] }
        guard case .mapping(let entries) = tree.shape else { return [] }
        return entries.flatMap { entry -> [String] in
            guard case .list(let items) = entry.value.shape else { return [] }
            return items.prefix(10).enumerated().compactMap { index, item in
                guard let value = item.value(parts[...]), value.isFlat else { return nil }
                return "here, in \(entry.key)[\(index)]: \(value.flow)"
            }
        }
    }
}

extension Field {
    /// The properties of a key besides its kind and its sentence.
    fileprivate var facts: [(String, String)] {
        let standard = isRequired ? "none, it has to be given" : standard.flatMap { $0.isFlat ? $0.flow : nil }
        return [standard.map { ("default", $0) }, option.map { ("option", $0) }, ("since", since)].compactMap(\.self)
    }
}

extension Tree {
    /// The value at keys and numbers of items from here on.
    fileprivate func value(_ parts: ArraySlice<String>) -> Tree? {
        guard let first = parts.first else { return self }
        if case .list(let items) = shape {
            guard let index = Int(first), items.indices.contains(index) else { return nil }
            return items[index].value(parts.dropFirst())
        }
        return self[first]?.value.value(parts.dropFirst())
    }
}

extension Shape {
    var isSection: Bool { if case .section = core { true } else { false } }

    /// What the items of a list or of a map are.
    var item: Shape? {
        switch core {
        case .list(let item, _), .map(let item, _): item
        case .section, .scalar, .forms, .optional: nil
        }
    }

    fileprivate var explained: String {
        switch core {
        case .section: "a mapping with the keys below"
        case .list(let item, _), .map(let item, _): item.isSection ? "\(words), each with the keys below" : words
        case .forms: "one of the forms below"
        case .scalar, .optional: words
        }
    }
}

extension FormShape {
    /// What is written for the form, with the kind of its value: `{ramp: duration, 0s to 744h}`.
    func pattern(_ tag: String?) -> String {
        switch mark {
        case .word(let word): word
        case .tag(let word): payload?.isSection == true ? "\(word), or {\(tag ?? ""): \(word), …}" : word
        case .scalar: payload?.words ?? ""
        case .section: "{…}"
        case .key(let key, alone: true):
            payload.map { $0.isSection ? "{\(key): {…}}" : "{\(key): \($0.words)}" } ?? "{\(key)}"
        case .key(let key, alone: false): "{\(key): …}"
        }
    }
}
