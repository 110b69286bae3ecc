import OpAMP
import OrderedCollections

/// A group of the components that a collector reports the health of.
public struct HealthGroup: Hashable, Sendable {
    public var name: String
    public var components: [String]

    public init(name: String, components: [String]) {
        self.name = name
        self.components = components
    }
}

/// The component health of a collector: an entry per pipeline with its receiver, processors and exporter, and one for
/// the extensions (ComponentHealth Message).
struct HealthTree: Sendable {
    let groups: [HealthGroup]

    /// The tree of an agent that reports its health far too often: fifteen components.
    static let chatty = HealthTree(
        groups: (1...3).map { pipeline in
            HealthGroup(name: "pipeline:\(pipeline)", components: (1...5).map { "component:\(pipeline).\($0)" })
        })

    init(groups: [HealthGroup]) {
        self.groups = groups
    }

    init(pipelines: Int) {
        guard pipelines > 0 else {
            groups = []
            return
        }
        let signals = ["traces", "metrics", "logs"]
        var groups = [HealthGroup(name: "extensions", components: ["extension:health_check"])]
        for number in 0..<pipelines {
            let signal = signals[number % signals.count]
            let suffix = number < signals.count ? "" : "/\(number / signals.count)"
            groups.append(
                HealthGroup(
                    name: "pipeline:\(signal)\(suffix)",
                    components: [
                        "receiver:otlp\(suffix)", "processor:memory_limiter\(suffix)", "processor:batch\(suffix)",
                        "exporter:otlp\(suffix)",
                    ]))
        }
        self.groups = groups
    }

    /// How many components the tree has, groups not counted.
    var componentCount: Int { groups.reduce(0) { $0 + $1.components.count } }

    /// The numbers of the components that a name means: a component, a group, or a component of a group, such as
    /// `pipeline:traces/exporter:otlp`.
    func numbers(of name: String) -> Set<Int> {
        var numbers: Set<Int> = []
        var number = 0
        for group in groups {
            for component in group.components {
                if [component, group.name, "\(group.name)/\(component)"].contains(name) { numbers.insert(number) }
                number += 1
            }
        }
        return numbers
    }

    /// The tree of a healthy agent.
    func healthy(started: UInt64, observed: UInt64) -> ComponentHealth {
        health(of: ObservedHealth(), started: started, observed: observed)
    }

    /// The tree of an agent with some components unhealthy.
    func health(of observedHealth: ObservedHealth, started: UInt64, observed: UInt64) -> ComponentHealth {
        func node(
            _ healthy: Bool, _ map: OrderedDictionary<String, ComponentHealth>, status: String? = nil
        ) -> ComponentHealth {
            ComponentHealth(
                healthy: healthy,
                startTimeUnixNano: observedHealth.isRunning ? started : 0,
                lastError: healthy ? "" : observedHealth.reason,
                status: status ?? (healthy ? "StatusOK" : observedHealth.status),
                statusTimeUnixNano: observed,
                componentHealthMap: map)
        }
        var map: OrderedDictionary<String, ComponentHealth> = [:]
        var number = 0
        for group in groups {
            var components: OrderedDictionary<String, ComponentHealth> = [:]
            var groupHealthy = true
            for component in group.components {
                let healthy = !observedHealth.components.contains(number)
                components[component] = node(healthy, [:])
                groupHealthy = groupHealthy && healthy
                number += 1
            }
            map[group.name] = node(groupHealthy, components)
        }
        return node(observedHealth.isHealthy, map, status: observedHealth.status)
    }
}

/// The unhealthy parts of an agent, as its health report lists them.
struct ObservedHealth: Hashable, Sendable {
    enum Level: Hashable, Sendable {
        case healthy
        /// Some components are down; the agent as a whole does its work.
        case degraded
        case unhealthy
    }

    /// The components that are down, by their number in the tree.
    var components: Set<Int> = []
    var level = Level.healthy
    /// Whether the collector's process is there. What does not run has no start time
    /// (ComponentHealth.start_time_unix_nano).
    var isRunning = true

    var isHealthy: Bool { level != .unhealthy }

    /// The collector's own words for it (ComponentHealth.status).
    var status: String {
        switch level {
        case .healthy: return "StatusOK"
        case .degraded: return "StatusRecoverableError"
        case .unhealthy: return isRunning ? "StatusPermanentError" : "StatusFatalError"
        }
    }

    var reason: String {
        switch level {
        case .healthy: return ""
        case .degraded: return "sending queue is full"
        case .unhealthy:
            return isRunning ? "the collector does not answer its health check" : "the collector's process has ended"
        }
    }
}
