public import Basis

/// What a run is going to do, as far as a display needs to know.
public struct RunPlan: Hashable, Sendable {
    /// One phase to come.
    public struct Phase: Hashable, Sendable {
        public var label: String
        /// How long it is to last; nil where that depends on what happens.
        public var length: Nanoseconds?

        public init(_ label: String, _ length: Nanoseconds?) {
            self.label = label
            self.length = length
        }
    }

    /// What runs against what: `steady · ws://127.0.0.1:4320`.
    public var title: String
    public var agents: Int
    public var phases: [Phase]

    public init(title: String, agents: Int, phases: [Phase]) {
        self.title = title
        self.agents = agents
        self.phases = phases
    }

    /// The length of the whole run; nil where a phase has none.
    public var length: Nanoseconds? {
        let lengths = phases.compactMap(\.length)
        return lengths.count == phases.count && !lengths.isEmpty ? lengths.reduce(.zero, +) : nil
    }

    /// The planned length of the phase that goes by `label`, its number (`storm #2`) set aside.
    func length(ofPhase label: String) -> Nanoseconds? {
        let name = label.split(separator: " #").first.map(String.init) ?? label
        return phases.first { $0.label == label || $0.label == name }?.length
    }
}
