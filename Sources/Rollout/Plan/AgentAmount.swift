package import Schema

/// A number of agents, or a share of those that are concerned.
public enum AgentAmount: Hashable, Sendable {
    case agents(Int)
    case share(Double)

    /// The most agents of a fleet.
    static let agentRange = 1...10_000_000

    /// How many of `total` that is: a share is rounded up, so that a share above zero is never nobody. At most `total`.
    public func count(of total: Int) -> Int {
        switch self {
        case .agents(let count): min(count, total)
        case .share(let share): min(Int((share * Double(total)).rounded(.up)), total)
        }
    }

    /// The same, a share rounded down: for limits.
    func countRoundedDown(of total: Int) -> Int {
        switch self {
        case .agents(let count): min(count, total)
        case .share(let share): min(Int(share * Double(total)), total)
        }
    }

    package static let kind = kind(agentRange)

    package static func kind(_ range: ClosedRange<Int>) -> Kind<AgentAmount> {
        .oneOf(wanted: "a number of agents such as 50, or a share such as 5%") { forms in
            let share = forms.scalar(.share, "A share.", AgentAmount.share) { $0.hasSuffix("%") || $0.hasPrefix("0.") }
            let agents = forms.scalar(.integer(range), "A number of agents.", AgentAmount.agents)
            return { value in
                switch value {
                case .agents(let count): agents(count)
                case .share(let part): share(part)
                }
            }
        }
    }
}
