import Foundation
import Transport

/// A request of a tester to the server, taken apart: `/muster/layers/NAME/diff?from=1&to=2`.
struct ControlRequest: Sendable {
    var method: HTTPMethod
    /// The parts of the path after `/muster/`.
    var path: [String]
    private var words: [String: String] = [:]
    var body: [UInt8] = []

    static let prefix = "/muster/"

    /// Nil: it is none, or its address cannot be read.
    init?(_ method: HTTPMethod, target: String) {
        guard target.hasPrefix(Self.prefix) else { return nil }
        self.method = method
        let parts = target.dropFirst(Self.prefix.count).split(separator: "?", maxSplits: 1)
        guard let first = parts.first else { return nil }
        path = first.split(separator: "/").map(String.init)
        for pair in parts.dropFirst().first?.split(separator: "&") ?? [] {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let name = sides.first?.removingPercentEncoding,
                let value = sides.count > 1 ? sides[1].removingPercentEncoding : ""
            else { return nil }
            words[name] = value
        }
    }

    subscript(word: String) -> String? { words[word] }

    /// Whether it changes something.
    var isChange: Bool { method == .post }
}

/// What such a request is answered with.
struct ControlAnswer: Sendable {
    enum Form: Sendable { case json, text }

    var status: UInt16
    var form: Form
    var body: [UInt8]

    /// A text, with its status.
    init(_ status: UInt16, _ text: String) {
        self.status = status
        form = .text
        body = Array(text.utf8)
    }

    /// A value as JSON.
    init(_ value: some Encodable) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let data = try? encoder.encode(value)
        status = data == nil ? 500 : 200
        form = .json
        body = Array(data ?? Data()) + Array("\n".utf8)
    }
}
