import Basis
import OpAMP
import OrderedCollections

/// A configuration, split into its entries: every top-level setting of every file, by a fingerprint of its text.
///
/// This is no YAML parser; it reads as much of the block style as is needed to separate settings, and treats a file
/// that is written in another way for one entry.
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

/// The top level of a YAML document in block style.
struct YAMLOutline {
    struct Section {
        let name: String
        let range: Range<Int>
    }

    private(set) var sections: [Section] = []
    /// The first thing that no YAML document may hold, in words; `nil` where none was found.
    private(set) var problem: String?

    /// Reads the lines once. It checks only for mistakes that can be found without a parser: indentation by tabs,
    /// brackets and quotes that are not closed, text at the top level that is neither a setting, a list nor a flow
    /// collection.
    init(_ body: [UInt8]) {
        var brackets: [UInt8] = []
        var lineNumber = 0
        var open: (name: String, start: Int)?
        var start = 0
        while start < body.count {
            let end = body[start...].firstIndex(of: UInt8(ascii: "\n")) ?? body.count
            lineNumber += 1
            let line = body[start..<end]
            let isContinued = !brackets.isEmpty
            read(line, number: lineNumber, brackets: &brackets)
            if !isContinued, let name = Self.topLevelSetting(line) {
                if let open { sections.append(Section(name: open.name, range: open.start..<start)) }
                open = (name, start)
            } else if !isContinued, let first = line.first, !Self.mayOpenALine(first), problem == nil {
                problem = "line \(lineNumber) is neither a setting nor a list"
            }
            start = end + 1
        }
        if let open { sections.append(Section(name: open.name, range: open.start..<body.count)) }
        if !brackets.isEmpty, problem == nil { problem = "a bracket is not closed" }
    }

    /// Whether a line that is no setting may begin with `first`: it is indented, a comment, a list, a document marker
    /// or a flow collection.
    private static func mayOpenALine(_ first: UInt8) -> Bool {
        " #-.{[}]%\r\t".utf8.contains(first)
    }

    /// The name that an unindented line gives to a setting.
    private static func topLevelSetting(_ line: ArraySlice<UInt8>) -> String? {
        guard let first = line.first, !mayOpenALine(first), let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
            return nil
        }
        let following = colon + 1
        guard following == line.endIndex || " \r".utf8.contains(line[following]) else { return nil }
        return String(decoding: line[..<colon], as: UTF8.self)
    }

    private mutating func read(_ line: ArraySlice<UInt8>, number: Int, brackets: inout [UInt8]) {
        var quote: UInt8?
        var previous = UInt8(ascii: " ")
        var isIndentation = true
        for byte in line {
            if isIndentation, byte == UInt8(ascii: "\t"), problem == nil {
                problem = "line \(number) is indented by a tab"
            }
            if byte != UInt8(ascii: " ") { isIndentation = false }
            if let open = quote {
                if byte == open { quote = nil }
            } else {
                switch byte {
                case UInt8(ascii: "#") where previous == UInt8(ascii: " "): return
                case UInt8(ascii: "\""), UInt8(ascii: "'"):
                    // A quote opens a scalar only where a scalar can begin; elsewhere it is a letter like any other.
                    if " [{,:".utf8.contains(previous) { quote = byte }
                case UInt8(ascii: "{"), UInt8(ascii: "["):
                    if !brackets.isEmpty || " [{,:-".utf8.contains(previous) { brackets.append(byte) }
                case UInt8(ascii: "}"), UInt8(ascii: "]"):
                    let opening: UInt8 = byte == UInt8(ascii: "}") ? UInt8(ascii: "{") : UInt8(ascii: "[")
                    if brackets.last == opening {
                        brackets.removeLast()
                    } else if !brackets.isEmpty, problem == nil {
                        problem = "line \(number) closes a bracket that is not open"
                    }
                default: break
                }
            }
            previous = byte
        }
        if quote != nil, problem == nil { problem = "line \(number) has a quote that is not closed" }
    }
}
