import OpAMP

/// A string with placeholders that are filled in for one agent when a report needs them; nothing is stored per agent.
///
/// `{{index}}` the agent's number, `{{cohort}}` its cohort, `{{zone}}` its zone, `{{region}}` the zone without its last
/// letter, `{{instance_uid}}` its instance uid in canonical text.
public struct Template: Hashable, Sendable {
    enum Segment: Hashable, Sendable {
        case literal(String)
        case index
        /// Nothing, or `-r` and how many agents had the place before.
        case replacement
        case cohort
        case zone
        case region
        case instanceUID
    }

    let segments: [Segment]

    /// The placeholders that a template may use.
    public static let placeholders = ["index", "cohort", "zone", "region", "instance_uid"]

    /// Reads a template.
    /// - Throws: `TemplateError` naming the placeholder that is unknown or not closed: the profile's fault.
    public init(_ text: String) throws(TemplateError) {
        var segments: [Segment] = []
        var rest = Substring(text)
        while let open = rest.firstIndex(ofPair: "{") {
            let literal = rest[..<open]
            if !literal.isEmpty { segments.append(.literal(String(literal))) }
            let inside = rest[rest.index(open, offsetBy: 2)...]
            guard let close = inside.firstIndex(ofPair: "}") else { throw .notClosed(in: text) }
            segments.append(try Self.segment(inside[..<close], in: text))
            rest = inside[inside.index(close, offsetBy: 2)...]
        }
        if !rest.isEmpty { segments.append(.literal(String(rest))) }
        self.segments = segments
    }

    init(segments: [Segment]) {
        self.segments = segments
    }

    private static func segment(_ name: Substring, in text: String) throws(TemplateError) -> Segment {
        let trimmed = String(name.filter { $0 != " " })
        switch trimmed {
        case "index": return .index
        case "cohort": return .cohort
        case "zone": return .zone
        case "region": return .region
        case "instance_uid": return .instanceUID
        default: throw .unknownPlaceholder(trimmed, in: text)
        }
    }

    /// Whether the filled template changes when the agent gets another instance uid.
    var namesInstanceUID: Bool { segments.contains(.instanceUID) }

    /// The template filled for one agent.
    func filled(for subject: TemplateSubject) -> String {
        var text = ""
        for segment in segments {
            switch segment {
            case .literal(let literal): text += literal
            case .index: text += String(AgentNumber(subject.index).place)
            case .replacement:
                let replacements = AgentNumber(subject.index).replacements
                if replacements > 0 { text += "-r\(replacements)" }
            case .cohort: text += subject.cohort
            case .zone: text += subject.zone
            case .region: text += Self.region(of: subject.zone)
            case .instanceUID: text += subject.instanceUID.description
            }
        }
        return text
    }

    /// A zone is a region and one letter (`eu-west-1a`); a zone of another shape is its own region.
    private static func region(of zone: String) -> Substring {
        guard let last = zone.last, last.isLetter, zone.dropLast().last?.isNumber == true else { return zone[...] }
        return zone.dropLast()
    }
}

/// Who a template is filled for.
struct TemplateSubject {
    let index: UInt64
    let cohort: String
    let zone: String
    let instanceUID: InstanceUID
}

/// A template that cannot be read: the profile's fault.
public enum TemplateError: Error, Hashable, Sendable, CustomStringConvertible {
    case unknownPlaceholder(String, in: String)
    case notClosed(in: String)

    public var description: String {
        switch self {
        case .unknownPlaceholder(let name, let text):
            let known = Template.placeholders.map { "{{\($0)}}" }.joined(separator: ", ")
            return "unknown placeholder {{\(name)}} in \"\(text)\"; use one of \(known)"
        case .notClosed(let text):
            return "a placeholder in \"\(text)\" is not closed; write {{name}}"
        }
    }
}

extension Substring {
    /// Where `character` occurs twice in a row.
    fileprivate func firstIndex(ofPair character: Character) -> Index? {
        var here = startIndex
        while let found = self[here...].firstIndex(of: character) {
            let next = index(after: found)
            guard next < endIndex else { return nil }
            if self[next] == character { return found }
            here = next
        }
        return nil
    }
}
