public import OpAMP
import OrderedCollections

/// An agent's health in one word, as its last report has it (ComponentHealth Message).
public enum HealthGrade: UInt8, CaseIterable, Sendable {
    /// The agent and all of its components are well.
    case healthy
    /// The agent is well as a whole, or says so, and some of its components are not.
    case degraded
    /// The agent as a whole is not well.
    case unhealthy

    /// What `health` comes to. Linear in the number of its components.
    public init(_ health: ComponentHealth) {
        guard health.healthy else {
            self = .unhealthy
            return
        }
        self = health.componentHealthMap.values.allSatisfy(\.isWellThroughout) ? .healthy : .degraded
    }
}

/// The health that an agent reports is another than the one before.
public struct HealthChange: Hashable, Sendable {
    /// `nil`: it had reported none.
    public let from: HealthGrade?
    public let to: HealthGrade
}

extension ComponentHealth {
    /// Whether it and all below it are healthy.
    fileprivate var isWellThroughout: Bool {
        healthy && componentHealthMap.values.allSatisfy(\.isWellThroughout)
    }
}
