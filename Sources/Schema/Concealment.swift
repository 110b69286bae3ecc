import Basis

extension Kind {
    /// The same kind for texts that are credentials: outputs show a mark, errors do not repeat the text, and the mark
    /// is refused. Mappings, which say where a credential is read, are shown.
    public func concealed() -> Kind {
        let kind = showing { _ in Redaction.mark }
        return Kind(
            shape: shape, read: { spot, current in kind.read(spot.concealed, current) }, write: kind.write,
            sample: sample)
    }

    /// The same kind for texts that may hold a credential, of which outputs show what `shown` leaves of them.
    public func showing(_ shown: @escaping @Sendable (String) -> String) -> Kind {
        Kind(
            shape: shape, read: { spot, current in spot.refusesMark() ? nil : read(spot, current) },
            write: { value in
                var tree = write(value)
                tree?.conceal(shown)
                return tree
            }, sample: sample)
    }

    /// The same for a map: the texts under the names for which `isSecret` holds.
    public func concealed(where isSecret: @escaping @Sendable (_ name: String) -> Bool) -> Kind {
        Kind(
            shape: shape,
            read: { spot, current in spot.refusesMark() ? nil : read(spot.concealed, current) },
            write: { value in
                guard var tree = write(value), case .mapping(var entries) = tree.shape else { return write(value) }
                for index in entries.indices where isSecret(entries[index].key) {
                    entries[index].value.conceal { _ in Redaction.mark }
                }
                tree.shape = .mapping(entries)
                return tree
            }, sample: sample)
    }
}

extension Spot {
    /// The same place, of which errors do not repeat the texts.
    fileprivate var concealed: Spot {
        var spot = self
        spot.isConcealed = true
        return spot
    }

    /// Whether an output has left a credential out here, which is reported.
    fileprivate func refusesMark() -> Bool {
        guard tree.texts.contains(where: { $0.contains(Redaction.mark) }) else { return false }
        report(
            .contradiction(
                "a credential was left out here when the profile was printed; write {env: NAME} or {file: path}, "
                    + "or the text again"))
        return true
    }
}

extension Tree {
    /// Every text in it.
    var texts: [String] {
        switch shape {
        case .nothing: []
        case .scalar(let text, _): [text]
        case .list(let items): items.flatMap(\.texts)
        case .mapping(let entries): entries.flatMap(\.value.texts)
        }
    }

    fileprivate mutating func conceal(_ change: (String) -> String) {
        guard case .scalar(let text, _) = shape else { return }
        let changed = change(text)
        if changed != text { shown = changed }
    }

    /// The tree as outputs show it: without credentials.
    var redacted: Tree {
        var tree = self
        switch shape {
        case .nothing: break
        case .scalar: if let shown { tree = .text(shown) }
        case .list(let items): tree.shape = .list(items.map(\.redacted))
        case .mapping(let entries):
            tree.shape = .mapping(
                entries.map { Entry(key: $0.key, keyPlace: $0.keyPlace, value: $0.value.redacted) })
        }
        return tree
    }
}

extension Problem.Kind {
    /// The same problem without what was found in a credential's place.
    func concealing(_ texts: [String]) -> Problem.Kind {
        let hide = { (text: String) in
            // A word that is to be replaced for each agent is none.
            text.hasPrefix("{{") && text.hasSuffix("}}") ? text : Redaction.text(text, without: texts)
        }
        switch self {
        case .wrongType(let found, let wanted): return .wrongType(found: hide(found), wanted: wanted)
        case .badValue(let found, let wanted, _): return .badValue(found: hide(found), wanted: wanted)
        case .contradiction(let what): return .contradiction(hide(what))
        default: return self
        }
    }
}
