import AgentModel
import Basis
import Engine
import Glibc
import Metrics
import TestSupport
import Testing

@testable import Hosting

@Suite("What an idle agent costs")
struct IdleAgentTests {
    /// Tens of thousands of agents wait most of the time: each word of their object counts.
    @Test("The object of an agent on a WebSocket, its socket included, takes no more than 368 bytes of the heap")
    func objectSize() throws {
        let target = try SmallFleet.target(.loopback(port: 9))
        let host = AgentHost(
            shard: try Shard(label: "idle"), metrics: ShardMetrics(exchange: IntervalExchange()), target: target,
            seed: 1, unixOrigin: 0,
            options: AgentShardOptions(
                resolveOffer: { _, _ throws(OfferProblem) in throw .endpointInvalid },
                resolveDestination: { _ throws(OfferProblem) in throw .endpointInvalid }))
        let agent = Agent(index: 0, cohort: Cohort(CohortPlan(name: "idle"), seed: 1, unixOrigin: 0))
        let link = AgentLink(agent: agent, host: host)
        let size = try Self.heapSize()(Unmanaged.passUnretained(link).toOpaque())
        #expect(size <= 368, "\(size) bytes")
    }

    /// `malloc_usable_size`, which the module of the C library does not declare.
    private static func heapSize() throws -> @convention(c) (UnsafeMutableRawPointer?) -> Int {
        let symbol = try #require(dlsym(nil, "malloc_usable_size"))
        return unsafeBitCast(symbol, to: (@convention(c) (UnsafeMutableRawPointer?) -> Int).self)
    }
}
