/// Differences of two texts by lines, in the unified format that `patch` reads.
enum TextDifference {
    /// Texts whose differing parts have more lines than this, multiplied, are shown as replaced as a whole.
    private static let maxProduct = 4_000_000
    /// Lines around a change that are shown.
    private static let context = 3

    private enum Step { case keep, remove, add }

    /// - Parameters:
    ///   - old: nil: there was no such file.
    ///   - new: nil: there is none any more.
    /// - Returns: empty where both are equal.
    static func unified(_ old: [UInt8]?, _ new: [UInt8]?, name: String, from: String, to: String) -> String {
        guard old != new else { return "" }
        let titles = [
            "--- " + (old == nil ? "/dev/null" : "\(name)\t\(from)"),
            "+++ " + (new == nil ? "/dev/null" : "\(name)\t\(to)"),
        ]
        var text = titles.joined(separator: "\n") + "\n"
        guard String(validating: old ?? [], as: UTF8.self) != nil, String(validating: new ?? [], as: UTF8.self) != nil
        else { return text + "\(name) is not UTF-8 text: \(old?.count ?? 0) and \(new?.count ?? 0) bytes\n" }
        let (before, after) = (lines(old ?? []), lines(new ?? []))
        let steps = steps(before, after)
        for hunk in hunks(steps) { text += Self.text(hunk, steps, before, after) }
        return text
    }

    /// Lines with their ends.
    private static func lines(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var start = 0
        for index in bytes.indices where bytes[index] == UInt8(ascii: "\n") {
            lines.append(bytes[start...index])
            start = index + 1
        }
        if start < bytes.count { lines.append(bytes[start...]) }
        return lines
    }

    /// How the old lines become the new ones.
    private static func steps(_ old: [ArraySlice<UInt8>], _ new: [ArraySlice<UInt8>]) -> [Step] {
        let head = zip(old, new).prefix { $0 == $1 }.count
        let tail = zip(old[head...].reversed(), new[head...].reversed()).prefix { $0 == $1 }.count
        let (before, after) = (old[head..<(old.count - tail)], new[head..<(new.count - tail)])
        var middle: [Step] = []
        if before.count * after.count > maxProduct {
            middle = Array(repeating: .remove, count: before.count) + Array(repeating: .add, count: after.count)
        } else {
            var (removed, added) = (Set<Int>(), Set<Int>())
            for change in Array(after).difference(from: Array(before)) {
                switch change {
                case .remove(let offset, _, _): removed.insert(offset)
                case .insert(let offset, _, _): added.insert(offset)
                }
            }
            var (oldIndex, newIndex) = (0, 0)
            while oldIndex < before.count || newIndex < after.count {
                if oldIndex < before.count, removed.contains(oldIndex) {
                    middle.append(.remove)
                    oldIndex += 1
                } else if added.contains(newIndex) {
                    middle.append(.add)
                    newIndex += 1
                } else {
                    middle.append(.keep)
                    oldIndex += 1
                    newIndex += 1
                }
            }
        }
        return Array(repeating: .keep, count: head) + middle + Array(repeating: .keep, count: tail)
    }

    /// The steps that are shown together: changes with the lines around them.
    private static func hunks(_ steps: [Step]) -> [Range<Int>] {
        var hunks: [Range<Int>] = []
        for (index, step) in steps.enumerated() where step != .keep {
            let (start, end) = (max(index - context, 0), min(index + context + 1, steps.count))
            if let last = hunks.last, start <= last.upperBound {
                hunks[hunks.count - 1] = last.lowerBound..<end
            } else {
                hunks.append(start..<end)
            }
        }
        return hunks
    }

    private static func text(
        _ hunk: Range<Int>, _ steps: [Step], _ old: [ArraySlice<UInt8>], _ new: [ArraySlice<UInt8>]
    ) -> String {
        var oldIndex = steps[..<hunk.lowerBound].count { $0 != .add }
        var newIndex = steps[..<hunk.lowerBound].count { $0 != .remove }
        let (oldCount, newCount) = (steps[hunk].count { $0 != .add }, steps[hunk].count { $0 != .remove })
        // An empty part is counted from the line before it.
        let (oldStart, newStart) = (oldIndex + (oldCount > 0 ? 1 : 0), newIndex + (newCount > 0 ? 1 : 0))
        var text = "@@ -\(oldStart),\(oldCount) +\(newStart),\(newCount) @@\n"
        for step in steps[hunk] {
            let (sign, line) =
                switch step {
                case .keep: (" ", old[oldIndex])
                case .remove: ("-", old[oldIndex])
                case .add: ("+", new[newIndex])
                }
            if step != .add { oldIndex += 1 }
            if step != .remove { newIndex += 1 }
            text += sign + String(decoding: line, as: UTF8.self)
            if line.last != UInt8(ascii: "\n") { text += "\n\\ No newline at end of file\n" }
        }
        return text
    }
}
