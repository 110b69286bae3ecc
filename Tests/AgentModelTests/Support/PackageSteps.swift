import OpAMP

@testable import AgentModel

extension [Effect] {
    /// What an agent did about an offer of packages, in words.
    var packageSteps: [String] {
        compactMap {
            switch $0 {
            case .offer(let step) where step.kind == .packages: "offer \(step.stage)"
            case .package(let step): "\(step)"
            default: nil
            }
        }
    }
}
