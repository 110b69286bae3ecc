import Metrics

extension RunIdentity {
    /// An identity for runs whose results are only looked at.
    static let test = RunIdentity(
        run: "test", profile: "test", server: "test", seed: 1, agents: 0, shards: 1, startedAt: 0, tool: "test",
        machine: "test")
}
