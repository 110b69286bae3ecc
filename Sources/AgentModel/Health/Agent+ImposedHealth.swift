package import Basis
import OpAMP

/// A part of what an agent reports the health of.
public enum HealthPart: Hashable, Sendable {
    /// The agent as a whole, whatever its components are.
    case root
    /// Components of that name, whatever the agent as a whole is: one, all of a group, or one of a group, such as
    /// `pipeline:traces/exporter:otlp`.
    case component(String)

    /// The name of the components; nil: it is the agent as a whole.
    public var name: String? { if case .component(let name) = self { name } else { nil } }
}

/// Parts that somebody outside has made unhealthy.
struct ImposedHealth: Hashable {
    private(set) var components: Set<Int> = []
    private(set) var isRootUnhealthy = false

    var isNone: Bool { components.isEmpty && !isRootUnhealthy }

    /// - Returns: Whether that is another health than before.
    mutating func set(_ part: HealthPart, _ isUnhealthy: Bool, in tree: HealthTree) -> Bool {
        let before = self
        switch part {
        case .root: isRootUnhealthy = isUnhealthy
        case .component(let name):
            let numbers = tree.numbers(of: name)
            components = isUnhealthy ? components.union(numbers) : components.subtracting(numbers)
        }
        return self != before
    }
}

extension ObservedHealth {
    /// The same with the parts that somebody outside has made unhealthy.
    func with(_ imposed: ImposedHealth) -> ObservedHealth {
        guard !imposed.isNone else { return self }
        var health = self
        health.components.formUnion(imposed.components)
        if imposed.isRootUnhealthy {
            health.level = .unhealthy
        } else if health.level == .healthy {
            health.level = .degraded
        }
        return health
    }
}

extension Agent {
    /// A part of what the agent reports the health of becomes unhealthy, and does not recover by itself.
    package mutating func fails(_ part: HealthPart, at now: Instant, _ effects: inout Effects) {
        impose(at: now, &effects) { $0.set(part, true, in: $1) }
    }

    /// It is healthy again.
    package mutating func recovers(_ part: HealthPart, at now: Instant, _ effects: inout Effects) {
        guard extended?.value.imposedHealth.isNone == false else { return }
        impose(at: now, &effects) { $0.set(part, false, in: $1) }
    }

    /// The collector runs again and all of its parts are healthy, as when another configuration is applied.
    package mutating func healthIsRestored(at now: Instant, _ effects: inout Effects) {
        collectorStarts(at: now, &effects)
        guard extended?.value.imposedHealth.isNone == false else { return }
        impose(at: now, &effects) { imposed, _ in
            imposed = ImposedHealth()
            return true
        }
    }

    private mutating func impose(
        at now: Instant, _ effects: inout Effects, _ change: (inout ImposedHealth, HealthTree) -> Bool
    ) {
        let tree = cohort.healthTree
        changeHealth(at: now, &effects) { change(&$0.imposedHealth, tree) }
    }

    /// Changes what the agent's health comes of, and reports the other health.
    /// - Parameter change: returns whether it is another.
    mutating func changeHealth(
        at now: Instant, _ effects: inout Effects, _ change: (inout ExtendedState) -> Bool
    ) {
        let hasChanged = withExtendedState { extended -> Bool in
            guard change(&extended) else { return false }
            extended.healthChanged = now
            return true
        }
        guard hasChanged else { return }
        changes.insert(.health)
        reportChanges(at: now, &effects)
        setTimer(&effects)
    }

    /// Which of some components a report that was just sent says to be unhealthy (`ComponentHealth.unhealthy(among:)`).
    package func unhealthy(among components: [String?], at now: Instant) -> UInt8 {
        health(at: now).unhealthy(among: components)
    }
}
