import Basis

/// Reads `offer_connection`.
enum ConnectionOfferReading {
    static func offer(_ section: Section) -> ConnectionOffer? {
        defer { section.finish() }
        var offer = ConnectionOffer()
        offer.name = section.value("name").map { _ in section.name("name", or: "") }
        offer.target = section.target("to")
        offer.opamp = section.value("opamp") == nil ? nil : opamp(section)
        offer.ownMetrics = destination("own_metrics", in: section)
        offer.ownTraces = destination("own_traces", in: section)
        offer.ownLogs = destination("own_logs", in: section)
        if let others = section.section("other") {
            offer.others = others.keys.compactMap { other($0, in: others) }
            if offer.others.count > ProfileBounds.otherConnections {
                let allowed = "allowed are \(ProfileBounds.otherConnections)"
                section.complain(
                    .outOfRange(found: "\(offer.others.count) other connections", allowed: allowed), "other", nil)
            }
            others.finish()
        }
        guard offer.isEmpty else { return offer }
        let what = "an offer has at least one of 'opamp', 'own_metrics', 'own_traces', 'own_logs', 'other'"
        section.problems.add(.contradiction(what), path: section.path, place: section.place)
        return nil
    }

    private static func opamp(_ offer: Section) -> ConnectionOffer.OpAMP? {
        guard case .mapping? = offer.value("opamp")?.shape, let section = offer.section("opamp") else {
            return destination("opamp", in: offer).map { ConnectionOffer.OpAMP(destination: $0) }
        }
        defer { section.finish() }
        let heartbeat = section.value("heartbeat").flatMap { _ in
            section.wholeSeconds("heartbeat", in: ProfileBounds.offeredHeartbeatInterval)
        }
        return ConnectionOffer.OpAMP(destination: content(section, needsEndpoint: false), heartbeat: heartbeat)
    }

    /// An address, or a mapping with `endpoint` and `headers`.
    private static func destination(_ key: String, in offer: Section) -> ConnectionOffer.Destination? {
        guard let tree = offer.value(key) else { return nil }
        guard case .mapping = tree.shape, let section = offer.section(key) else {
            return ConnectionOffer.Destination(endpoint: endpoint(key, in: offer))
        }
        defer { section.finish() }
        return content(section, needsEndpoint: true)
    }

    private static func content(_ section: Section, needsEndpoint: Bool) -> ConnectionOffer.Destination {
        if needsEndpoint, section.value("endpoint") == nil {
            section.complain(.missingKey("endpoint"), "endpoint", nil)
        }
        return ConnectionOffer.Destination(
            endpoint: endpoint("endpoint", in: section), headers: pairs("headers", section))
    }

    private static func endpoint(_ key: String, in section: Section) -> String {
        section.text(key, bytes: ProfileBounds.endpoint, or: "")
    }

    private static func pairs(_ key: String, _ section: Section) -> [ConnectionOffer.Header] {
        guard let pairs = section.section(key) else { return [] }
        defer { pairs.finish() }
        let list = pairs.keys.map { name in
            ConnectionOffer.Header(name: name, value: pairs.text(name, bytes: ProfileBounds.offeredHeaderText, or: ""))
        }
        if list.count > ProfileBounds.offeredHeaders {
            section.complain(
                .outOfRange(found: "\(list.count) of them", allowed: "allowed are \(ProfileBounds.offeredHeaders)"),
                key, nil)
        }
        return list
    }

    private static func other(_ name: String, in others: Section) -> ConnectionOffer.Other? {
        guard let section = others.section(name) else { return nil }
        defer { section.finish() }
        return ConnectionOffer.Other(
            name: name, destination: content(section, needsEndpoint: false), settings: pairs("settings", section))
    }
}

/// The same in YAML.
extension YAMLWriter {
    mutating func write(_ offer: ConnectionOffer) {
        if let name = offer.name { scalar("name", .text(name)) }
        if let opamp = offer.opamp {
            mapping("opamp") { writer in
                writer.writeContent(opamp.destination)
                if let heartbeat = opamp.heartbeat { writer.duration("heartbeat", heartbeat) }
            }
        }
        for (key, destination) in [
            ("own_metrics", offer.ownMetrics), ("own_traces", offer.ownTraces), ("own_logs", offer.ownLogs),
        ] {
            guard let destination else { continue }
            mapping(key) { writer in
                // Empty as it may be: the key has to be there.
                if destination.endpoint.isEmpty { writer.scalar("endpoint", .text("")) }
                writer.writeContent(destination)
            }
        }
        if !offer.others.isEmpty {
            mapping("other") { writer in
                for other in offer.others {
                    writer.mapping(other.name) { writer in
                        writer.writeContent(other.destination)
                        writer.writePairs("settings", other.settings)
                    }
                }
            }
        }
        write("to", offer.target)
    }

    private mutating func writeContent(_ destination: ConnectionOffer.Destination) {
        if !destination.endpoint.isEmpty { scalar("endpoint", .text(destination.endpoint)) }
        writePairs("headers", destination.headers)
    }

    private mutating func writePairs(_ key: String, _ pairs: [ConnectionOffer.Header]) {
        guard !pairs.isEmpty else { return }
        mapping(key) { writer in for pair in pairs { writer.scalar(pair.name, .text(pair.value)) } }
    }
}
