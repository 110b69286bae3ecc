/// A format of a page of metrics.
public enum ExpositionFormat: Hashable, Sendable, CaseIterable {
    /// Text, which every scraper reads; it has no native histograms.
    case text
    /// Messages `io.prometheus.client.MetricFamily`, each behind its length.
    case protobuf

    public var contentType: String {
        switch self {
        case .text: "text/plain; version=0.0.4; charset=utf-8"
        case .protobuf: "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
        }
    }

    /// The format that a scraper prefers of these: messages where it names them, and not text with more weight.
    /// - Parameter accept: the values of its fields `Accept`.
    public init(accept: [String]) {
        var (text, messages) = (0.0, 0.0)
        for item in accept.flatMap({ $0.split(separator: ",") }) {
            let range = MediaRange(item)
            switch range.type {
            case "application/vnd.google.protobuf" where range.isDelimitedFamilies:
                messages = max(messages, range.weight)
            case "text/plain" where ["", "0.0.4"].contains(range["version"]): text = max(text, range.weight)
            default: break
            }
        }
        self = messages > 0 && messages >= text ? .protobuf : .text
    }

    /// The bytes of a page.
    public func page(_ families: [ExposedFamily]) -> [UInt8] {
        switch self {
        case .text: TextPage.bytes(families)
        case .protobuf: MessagePage.bytes(families)
        }
    }
}

/// An item of a field `Accept`.
private struct MediaRange {
    /// In lower case.
    var type: String
    /// By their names in lower case.
    private var parameters: [String: String] = [:]

    init(_ item: Substring) {
        let parts = item.split(separator: ";", omittingEmptySubsequences: false).map(Self.trimmed)
        type = parts.first?.lowercased() ?? ""
        for part in parts.dropFirst() {
            let pair = part.split(separator: "=", maxSplits: 1).map { Self.trimmed($0) }
            guard pair.count == 2 else { continue }
            parameters[pair[0].lowercased()] = pair[1].filter { $0 != "\"" }
        }
    }

    subscript(_ name: String) -> String { parameters[name] ?? "" }

    /// 0...1; what is no number counts as 0.
    var weight: Double {
        guard let text = parameters["q"] else { return 1 }
        guard let weight = Double(text), weight >= 0 else { return 0 }
        return min(weight, 1)
    }

    var isDelimitedFamilies: Bool {
        self["proto"] == "io.prometheus.client.MetricFamily" && self["encoding"].lowercased() == "delimited"
    }

    private static func trimmed(_ text: Substring) -> String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        return String(text.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
    }
}
