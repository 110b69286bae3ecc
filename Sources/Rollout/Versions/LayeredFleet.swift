/// What the agents of a fleet are served before and after a change of a layer or a promotion: which of them it is for,
/// and what they get.
public struct LayeredFleet: Sendable {
    /// The layers or channels that agents have, a bit each. Agents with equal ones get the same.
    public typealias Place = UInt64

    /// The most layers, and the most channels.
    public static let maxLayers = 32

    private let selections: [RolloutSelection]
    private let before: [LayerContent]
    private let after: [LayerContent]
    /// Whether an agent has only the last one that it meets.
    private let isExclusive: Bool

    /// Nil: the plan changes neither a layer nor a channel.
    public init?(_ plan: RolloutPlan, fleet: RolloutFleet) {
        if let change = plan.change.layer {
            before = plan.layers.map(\.content)
            after = plan.layers.map { $0.name == change.name ? change.applied(to: $0.content) : $0.content }
            selections = plan.layers.map { RolloutSelection($0.selector, fleet: fleet) }
            isExclusive = false
        } else if let promotion = plan.change.promotion {
            before = plan.channels.map(\.content)
            let promoted = plan.channels.first { $0.name == promotion.from }?.content ?? LayerContent()
            after = plan.channels.map { $0.name == promotion.to ? promoted : $0.content }
            selections = plan.channels.map { RolloutSelection($0.selector, fleet: fleet) }
            isExclusive = true
        } else {
            return nil
        }
    }

    /// Linear in the layers.
    public func place(of agent: UInt32) -> Place {
        var place: Place = 0
        for (index, selection) in selections.enumerated() where selection.includes(agent) {
            place = isExclusive ? 1 << index : place | 1 << index
        }
        return place
    }

    /// The files, or packages, of agents.
    public func files(of place: Place, changed: Bool) -> [String: [UInt8]] {
        let contents = changed ? after : before
        return LayerContent.merged(contents.indices.filter { place & 1 << $0 != 0 }.map { contents[$0] })
    }

    /// The agents that get something else after the change.
    func touched(_ agents: [UInt32]) -> [UInt32] {
        var known: [Place: Bool] = [:]
        return agents.filter { agent in
            let place = place(of: agent)
            if let isTouched = known[place] { return isTouched }
            let isTouched = files(of: place, changed: false) != files(of: place, changed: true)
            known[place] = isTouched
            return isTouched
        }
    }

    /// The bytes that an agent receives, on average over those of the fleet that get something else; nil: none does.
    public func meanBytes(of fleet: RolloutFleet) -> Int? {
        let agents = touched(fleet.members ?? Array(0..<UInt32(fleet.count)))
        guard !agents.isEmpty else { return nil }
        var known: [Place: Int] = [:]
        var total = 0
        for agent in agents {
            let place = place(of: agent)
            let bytes = known[place] ?? LayerContent(files: files(of: place, changed: true)).byteCount
            known[place] = bytes
            total += bytes
        }
        return total / agents.count
    }
}

extension RolloutSelection {
    init(_ selector: LayerSelector, fleet: RolloutFleet) {
        self.init(attributes: selector.attributes, except: selector.except, fleet: fleet)
    }
}
