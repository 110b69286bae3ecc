import Basis
import OpAMP
import OrderedCollections

/// A remote configuration as one or many agents of a cohort received it: read, checked and merged once, shared by all.
final class ReceivedConfig: Sendable {
    /// The server's hash, as it came.
    let hash: [UInt8]
    let offered: AgentConfigMap
    /// The offer on top of the agents' local configuration: the effective one once it is applied. A file of the offer
    /// replaces a local one of the same name.
    let effective: AgentConfigMap
    let entries: ConfigEntries
    /// The `mark` of the effective one.
    let mark: UInt64
    /// Why it cannot be applied; `nil` where it can.
    let problem: ConfigProblem?
    let markers: [ConfigMarker]
    /// Identifies the offer in the results, the same for all agents that received it.
    let number: UInt64

    init(_ offer: AgentRemoteConfig, cohort: Cohort) {
        hash = offer.configHash
        let offered = offer.config ?? AgentConfigMap()
        self.offered = offered
        effective = offered.merged(onto: cohort.localConfig)
        mark = effective.mark
        entries = ConfigEntries(offered)
        problem = ConfigProblem.first(in: offered, entries, allowed: cohort.plan.remoteConfig.allowedSettings)
        markers = ConfigMarker.all(in: offered)
        number = offer.configHash.offerNumber
    }

    func isSame(as offer: AgentRemoteConfig) -> Bool {
        hash == offer.configHash && offered == (offer.config ?? AgentConfigMap())
    }
}

extension AgentConfigMap {
    /// The local configuration's name where it is not the only file (Configuration Files).
    static let localName = "local.yaml"

    /// A hash of the files' names, types, lengths, and ends: constant time for each.
    var mark: UInt64 {
        var hash = FNV1a()
        for (name, file) in configMap {
            for byte in name.utf8 { hash.add(byte) }
            hash.add(0)
            for byte in file.contentType.utf8 { hash.add(byte) }
            for byte in file.body.prefix(64) { hash.add(byte) }
            for byte in file.body.suffix(64) { hash.add(byte) }
            withUnsafeBytes(of: file.body.count) { for byte in $0 { hash.add(byte) } }
        }
        return hash.value
    }

    /// The effective configuration: these files on top of the local ones. A file without a name may only be alone, so
    /// the local one has a name in company.
    func merged(onto local: AgentConfigMap) -> AgentConfigMap {
        var merged = local.configMap
        if !configMap.isEmpty, configMap[""] == nil, let unnamed = merged.removeValue(forKey: "") {
            merged[Self.localName] = unnamed
        }
        for (name, file) in configMap { merged[name] = file }
        return AgentConfigMap(configMap: merged)
    }
}

/// Why a configuration cannot be applied: the server's or its user's fault, reported in the FAILED status. Whether a
/// text is YAML is not judged: without a full parser, valid texts would fail.
enum ConfigProblem: Hashable, Sendable {
    case notUTF8(file: String)
    case restricted(setting: String)

    static func first(in config: AgentConfigMap, _ entries: ConfigEntries, allowed: [String]?) -> ConfigProblem? {
        for (name, file) in config.configMap {
            let type = file.contentType
            let claimsText =
                type.isEmpty || type.hasPrefix("text/") || ["yaml", "yml", "json"].contains { type.contains($0) }
            if claimsText, String(validating: file.body, as: UTF8.self) == nil { return .notUTF8(file: name) }
        }
        if let allowed, let setting = entries.settings.first(where: { !allowed.contains($0) }) {
            return .restricted(setting: setting)
        }
        return nil
    }

    /// The error message of the FAILED status.
    var message: String {
        switch self {
        case .notUTF8(let file): return "the file \"\(file)\" is not UTF-8"
        case .restricted(let setting): return "the setting \"\(setting)\" may not be set remotely"
        }
    }
}

/// The configurations that the agents of a shard received last, so that an offer to thousands of agents is read and
/// kept once. Part of the effects, because those belong to the shard; it knows nothing that an agent could observe.
struct ConfigCache: Sendable {
    /// Rollouts have a few versions at a time. An offer that was pushed out is read again.
    static let limit = 32

    private var cache: [(cohort: ObjectIdentifier, config: ReceivedConfig)] = []

    mutating func config(_ offer: AgentRemoteConfig, of cohort: Cohort) -> ReceivedConfig {
        let identity = ObjectIdentifier(cohort)
        if let known = cache.first(where: { $0.cohort == identity && $0.config.isSame(as: offer) }) {
            return known.config
        }
        let config = ReceivedConfig(offer, cohort: cohort)
        if cache.count == Self.limit { cache.removeFirst() }
        cache.append((identity, config))
        return config
    }
}

/// A line in a configuration's body by which a server steers what simulated agents make of it, without anything on the
/// agents' side: `# muster: fail`, `# muster: slow 30s`, `# muster: crash share=0.1`.
///
/// Known are `ignore` (no status at all), `fail`, `slow SPAN` (the time to apply is at least that), `crash` (the
/// process dies instead of applying), `die SPAN` (it dies this long after applying) and `lie` (APPLIED, but the former
/// effective configuration is reported). `share=` limits a marker to a part of the agents, drawn by their seeds.
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
