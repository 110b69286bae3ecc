/// Which agents of a world share a connection. What is drawn about a connection has the number of its carrier, so that
/// agents behind one gateway lose it and have it again together.
struct Carriers: Sendable {
    /// The first agent behind each agent's gateway; the agent itself where it is behind none. Empty: nobody is.
    private let carriers: [UInt32]
    private let behind: [AgentSet?]

    init(_ world: World) {
        let groups = world.gateways.filter { $0.size > 1 }
        behind = groups.map(\.agents)
        guard !groups.isEmpty else {
            carriers = []
            return
        }
        var open = groups.map { _ in (carrier: UInt32(0), left: 0) }
        carriers = (0..<UInt32(clamping: world.agents)).map { agent in
            guard let group = groups.firstIndex(where: { $0.agents?.contains(agent) != false }) else { return agent }
            if open[group].left == 0 { open[group] = (agent, groups[group].size) }
            open[group].left -= 1
            return open[group].carrier
        }
    }

    /// The agent whose number the draws about an agent's connection have.
    @inline(__always)
    func carrier(of agent: UInt32) -> UInt32 { carriers.isEmpty ? agent : carriers[Int(agent)] }

    /// Whether an agent is behind a gateway.
    func isBehindGateway(_ agent: UInt32) -> Bool { behind.contains { $0?.contains(agent) != false } }
}
