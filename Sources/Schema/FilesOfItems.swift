import Basis

extension Kind {
    /// A list in which `{file: PATH}` stands for the items of the list in that file. They are read as if they were
    /// written in its place, with places in that file; the written document has the items themselves.
    /// - Parameters:
    ///   - items: for the reference, what an item that is written out is.
    ///   - text: the text of a file, by its path.
    ///   - limit: of the texts of all these files together, in bytes.
    public static func list<Item>(
        _ noun: String, _ count: ClosedRange<Int>, of kind: Kind<Item>, _ items: String, files text: Kind<String>,
        _ documentation: String, limit: Int
    ) -> Kind where Value == [Item] {
        let list = Kind.list(noun, count, of: kind)
        var shape = list.shape
        let forms = [
            FormShape(mark: .section, documentation: items, since: Since.first, payload: kind.shape),
            FormShape(
                mark: .key(FilesOfItems.key, alone: true), documentation: documentation, since: Since.first,
                payload: text.shape),
        ]
        shape.detail = .list(Shape(forms: forms, tag: nil), count)
        let files = FilesOfItems(noun: noun, text: text, limit: limit, maxItems: count.upperBound)
        return Kind(
            shape: shape, read: { spot, current in list.read(files.complete(spot), current) }, write: list.write,
            sample: list.sample)
    }
}

/// Puts the items of files in the place of the files' names.
private struct FilesOfItems: Sendable {
    let noun: String
    let text: Kind<String>
    /// In bytes, for all files of a list.
    let limit: Int
    let maxItems: Int

    static let key = "file"

    /// The list without names of files. What is wrong with a file is reported; the items that cannot be read are left
    /// out.
    func complete(_ spot: Spot) -> Spot {
        guard case .list(let items) = spot.tree.shape, items.count <= maxItems,
            items.contains(where: { $0[Self.key] != nil })
        else { return spot }
        var completed: [Tree] = []
        var bytes = 0
        for (index, item) in items.enumerated() {
            guard item[Self.key] != nil else {
                completed.append(item)
                continue
            }
            completed += self.items(of: spot.item(index, item), &bytes)
        }
        var result = spot
        result.tree.shape = .list(completed)
        // Rules look at the list again.
        spot.reading.completed[spot.path] = result.tree
        return result
    }

    /// - Parameter bytes: the texts of the files so far.
    private func items(of spot: Spot, _ bytes: inout Int) -> [Tree] {
        spot.refuseUnknown(allowed: [Self.key])
        guard bytes <= limit, let file = spot.child(Self.key), let text = text.read(file, nil),
            let path = file.tree.scalar
        else { return [] }
        bytes += text.utf8.count
        guard bytes <= limit else {
            file.report(.contradiction("the files of \(noun) have more than \(SizeText.format(limit)) together"))
            return []
        }
        return items(in: text, file, named: spot.reading.name(ofFile: path))
    }

    private func items(in text: String, _ file: Spot, named name: String) -> [Tree] {
        var tree: Tree
        do throws(Problem) {
            tree = try Tree(yaml: Array(text.utf8))
        } catch {
            if case .empty = error.kind {
                file.report(.contradiction("'\(Problem.quoted(name))' is empty; write a list of \(noun)"))
            } else {
                file.report(error.kind, at: (error.place ?? .text(line: 1, column: 1)).inFile(name))
            }
            return []
        }
        tree.movePlaces { $0?.inFile(name) }
        guard case .list(let items) = tree.shape else {
            file.report(.wrongType(found: tree.inWords, wanted: "a list of \(noun)"), at: tree.place)
            return []
        }
        return items.filter { item in
            guard let entry = item[Self.key] else { return true }
            file.report(
                .contradiction("a file of \(noun) names no further file; write them here"), at: entry.keyPlace)
            return false
        }
    }
}

extension Place {
    /// The same place in a file that the document names.
    fileprivate func inFile(_ name: String) -> Place {
        if case .text(let line, let column) = self { .file(name, line: line, column: column) } else { self }
    }
}

extension Reading {
    /// What a file that the document names is called in messages: with the folder by which the document is called.
    fileprivate func name(ofFile path: String) -> String {
        guard !path.hasPrefix("/"), let slash = source.lastIndex(of: "/") else { return path }
        return source[...slash] + path
    }
}
