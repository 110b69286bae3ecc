import Basis
import OpAMP
import OrderedCollections

/// A configuration, split into its entries: every top-level setting of every file, by a fingerprint of its text.
///
/// This is no YAML parser and refuses nothing; it reads as much of the block style as is needed to separate settings,
/// and a file in another style is one entry.
struct ConfigEntries: Hashable, Sendable {
    /// Fingerprints by entry; an entry is named `file/setting`, or by the file alone where it has no settings.
    private(set) var fingerprints: OrderedDictionary<String, UInt64> = [:]
    /// The top-level settings of all files.
    private(set) var settings: OrderedSet<String> = []

    init(_ config: AgentConfigMap) {
        for (file, content) in config.configMap {
            let sections = YAMLOutline(content.body).sections
            if sections.isEmpty { fingerprints[file] = Self.fingerprint(content.body[...]) }
            for section in sections {
                settings.append(section.name)
                let entry = file.isEmpty ? section.name : "\(file)/\(section.name)"
                fingerprints[entry] = Self.fingerprint(content.body[section.range])
            }
        }
    }

    private static func fingerprint(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        FNV1a.hash(bytes)
    }

    /// What is different in `next`.
    func difference(to next: ConfigEntries) -> ConfigDifference {
        var difference = ConfigDifference()
        for (entry, fingerprint) in next.fingerprints {
            switch fingerprints[entry] {
            case nil: difference.added.append(entry)
            case fingerprint: break
            default: difference.changed.append(entry)
            }
        }
        difference.removed = fingerprints.keys.filter { next.fingerprints[$0] == nil }
        return difference
    }
}

/// What changed between two configurations, by entry.
public struct ConfigDifference: Hashable, Sendable {
    public internal(set) var added: [String] = []
    public internal(set) var changed: [String] = []
    public internal(set) var removed: [String] = []

    /// Whether the top-level setting `setting` is among them, in any file.
    func touches(_ setting: String) -> Bool {
        func isIt(_ entry: String) -> Bool { entry == setting || entry.hasSuffix("/" + setting) }
        return added.contains(where: isIt) || changed.contains(where: isIt) || removed.contains(where: isIt)
    }
}

/// The top level of a YAML document in block style. Whether it is YAML at all is not judged.
struct YAMLOutline {
    struct Section {
        let name: String
        let range: Range<Int>
    }

    private(set) var sections: [Section] = []

    /// Reads the lines once. What is indented belongs to the setting above it: texts over several lines are indented
    /// too. Only a flow collection at the top level may go on in lines that are not.
    init(_ body: [UInt8]) {
        var flow = FlowCollection()
        var open: (name: String, start: Int)?
        var start = 0
        while start < body.count {
            let end = body[start...].firstIndex(of: UInt8(ascii: "\n")) ?? body.count
            let line = body[start..<end]
            if flow.isOpen {
                flow.read(line)
            } else if let (name, value) = Self.topLevelSetting(line) {
                if let open { sections.append(Section(name: open.name, range: open.start..<start)) }
                open = (name, start)
                flow.read(value)
            } else if let first = line.first, "[{".utf8.contains(first) {
                flow.read(line)
            }
            start = end + 1
        }
        if let open { sections.append(Section(name: open.name, range: open.start..<body.count)) }
    }

    /// The name that an unindented line gives to a setting, and what follows the colon.
    private static func topLevelSetting(_ line: ArraySlice<UInt8>) -> (name: String, value: ArraySlice<UInt8>)? {
        // Not a setting: indented, a comment, a list, a document marker or a flow collection.
        guard let first = line.first, !" #-.{[}]%\r\t".utf8.contains(first),
            let colon = line.indices.first(where: { line[$0] == UInt8(ascii: ":") && isEnd(line[($0 + 1)...]) })
        else { return nil }
        var name = line[..<colon]
        while let last = name.last, " \t".utf8.contains(last) { name.removeLast() }
        if name.count >= 2, "\"'".utf8.contains(first), name.last == first { name = name.dropFirst().dropLast() }
        return (String(decoding: name, as: UTF8.self), line[(colon + 1)...])
    }

    /// Whether a key can end before `rest`.
    private static func isEnd(_ rest: ArraySlice<UInt8>) -> Bool {
        rest.first.map { " \t\r".utf8.contains($0) } ?? true
    }
}

/// Whether a flow collection, `{…}` or `[…]`, is still open after some lines.
private struct FlowCollection {
    private var depth = 0
    private var quote: UInt8?

    var isOpen: Bool { depth > 0 }

    mutating func read(_ line: ArraySlice<UInt8>) {
        var previous = UInt8(ascii: " ")
        for byte in line {
            if let open = quote {
                // A quote that is doubled or escaped closes and opens again, which comes to the same.
                if byte == open, previous != UInt8(ascii: "\\") || open == UInt8(ascii: "'") { quote = nil }
            } else {
                switch byte {
                case UInt8(ascii: "#") where " \t".utf8.contains(previous): return
                case UInt8(ascii: "\""), UInt8(ascii: "'"):
                    // A quote opens a text only where a text can begin; elsewhere it is a letter like any other.
                    if depth > 0, previous == byte || " \t[{,:".utf8.contains(previous) { quote = byte }
                case UInt8(ascii: "{"), UInt8(ascii: "["):
                    if depth > 0 || " \t".utf8.contains(previous) { depth += 1 }
                case UInt8(ascii: "}"), UInt8(ascii: "]"): depth = max(depth - 1, 0)
                case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): break
                default:
                    // A text that begins without a bracket is no collection, whatever it holds.
                    if depth == 0 { return }
                }
            }
            previous = byte
        }
    }
}
