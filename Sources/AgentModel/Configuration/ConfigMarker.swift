import Basis
import OpAMP
import OrderedCollections

/// A line in a configuration's body by which a server steers what simulated agents make of it, without anything on the
/// agents' side: `# muster: fail`, `# muster: slow 30s`, `# muster: crash share=0.1`.
///
/// Known are `ignore` (no status at all), `fail`, `slow SPAN` (the time to apply is at least that), `crash` (the process
/// dies instead of applying), `die SPAN` (it dies so long after applying) and `lie` (APPLIED, but the former effective
/// configuration is reported). `share=` limits a marker to a part of the agents, drawn by their seeds.
struct ConfigMarker: Hashable, Sendable {
    enum Action: Hashable, Sendable {
        case ignore
        case fail
        case slow(Nanoseconds)
        case crash
        case die(after: Nanoseconds)
        case lie
    }

    let action: Action
    let share: Double

    /// So many markers of a configuration are kept at most; more would be no steering but noise.
    static let limit = 16

    static func all(in config: AgentConfigMap) -> [ConfigMarker] {
        var markers: [ConfigMarker] = []
        for file in config.configMap.values {
            for line in file.body.split(separator: UInt8(ascii: "\n")) where markers.count < limit {
                if let marker = ConfigMarker(line: line) { markers.append(marker) }
            }
        }
        return markers
    }

    private init?(line: ArraySlice<UInt8>) {
        let text = line.drop { $0 == UInt8(ascii: " ") }
        guard text.starts(with: "# muster:".utf8) else { return nil }
        let words = text.dropFirst("# muster:".utf8.count)
            .split { " \r".utf8.contains($0) }
            .map { String(decoding: $0, as: UTF8.self) }
        guard let verb = words.first else { return nil }
        let span = words.dropFirst().lazy.compactMap(Self.span).first
        switch (verb, span) {
        case ("ignore", _): action = .ignore
        case ("fail", _): action = .fail
        case ("slow", let span?): action = .slow(span)
        case ("crash", _): action = .crash
        case ("die", let span): action = .die(after: span ?? .zero)
        case ("lie", _): action = .lie
        default: return nil
        }
        share = words.lazy.compactMap { $0.hasPrefix("share=") ? Double($0.dropFirst(6)) : nil }.first ?? 1
    }

    /// `1500ms`, `30s` or `5m`.
    private static func span(_ word: String) -> Nanoseconds? {
        for (suffix, unit) in [("ms", 0.001), ("s", 1), ("m", 60)] where word.hasSuffix(suffix) {
            guard let number = Double(word.dropLast(suffix.count)), number >= 0 else { continue }
            return Nanoseconds(seconds: number * unit)
        }
        return nil
    }
}
