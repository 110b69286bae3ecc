import Schema

/// The agents that an event is for that the agents themselves do: a share of those in a zone that have all the
/// attributes. They are chosen at the agents' side, so that any server will do.
public struct HerdTarget: Hashable, Sendable {
    public var share: Double = 1
    public var zone: String?
    public var attributes: [EventTarget.Attribute] = []

    public static let everybody = HerdTarget()

    public init(share: Double = 1, zone: String? = nil, attributes: [EventTarget.Attribute] = []) {
        self.share = share
        self.zone = zone
        self.attributes = attributes
    }
}

extension HerdTarget {
    static let attributeKind = Kind<[Named<String>]>.map("attributes", 0...16, of: .text(0...1_000))
        .converted(
            { $0.map { EventTarget.Attribute(key: $0.name, text: $0.value) } }, { $0.map { Named($0.key, $0.text) } })

    /// In words.
    var text: String {
        let whose = (zone.map { ["in \($0)"] } ?? []) + attributes.map { "with \($0.key)=\($0.text)" }
        let part = share < 1 ? "\(ShareText.format(share)) of the agents" : whose.isEmpty ? "all agents" : "the agents"
        return ([part] + whose).joined(separator: " ")
    }
}
