import Basis
import ControlPlane
import OpAMP
import Testing

@Suite("Several shards that share a directory")
struct DirectoryTests {
    let uid = InstanceUID.number(7)

    func shards(_ count: Int, _ directory: AgentDirectory, _ plan: ServerPlan = ServerPlan()) -> [Rehearsal] {
        (0..<count).map { Rehearsal(plan, seed: 1, shard: UInt16($0), directory: directory) }
    }

    @Test("An agent that connects again on another shard is known there, with its sequence number and its state")
    func comesBackElsewhere() {
        let directory = AgentDirectory()
        var servers = shards(2, directory)
        let first = servers[0].connect()
        _ = servers[0].send(.full(uid, 1), over: first)
        _ = servers[0].send(.heartbeat(uid, 2), over: first)
        _ = servers[0].close(first)
        let second = servers[1].connect()
        let answer = servers[1].send(.heartbeat(uid, 3), over: second).answer
        #expect(answer?.flags == [])
        #expect(answer?.agentIdentification == nil)
        let total = servers[0].counts + servers[1].counts
        #expect(total.agentsKnown == 1)
        #expect(total.agentsReturned == 1)
        #expect(total.agentsConnected == 1)
        #expect(total.agentsLost == 1)
        #expect(directory.count == 1)
    }

    @Test("A gap is seen across shards")
    func gapAcrossShards() {
        let directory = AgentDirectory()
        var servers = shards(2, directory)
        let first = servers[0].connect()
        _ = servers[0].send(.full(uid, 1), over: first)
        _ = servers[0].close(first)
        let second = servers[1].connect()
        #expect(servers[1].send(.heartbeat(uid, 9), over: second).answer?.flags == [.reportFullState])
        #expect(servers[1].counts.gaps == 1)
    }

    @Test("A duplicate on another shard is given a new uid (spec: Duplicate instance_uid Detection)")
    func duplicateElsewhere() {
        let directory = AgentDirectory()
        var servers = shards(2, directory)
        let ids = [servers[0].connect(), servers[1].connect()]
        _ = servers[0].send(.full(uid, 1), over: ids[0])
        let answer = servers[1].send(.full(uid, 1), over: ids[1]).answer
        let new = answer?.agentIdentification?.newInstanceUID.uid
        #expect(new != nil)
        #expect(servers[0].send(.heartbeat(uid, 2), over: ids[0]).answer == ServerToAgent(instanceUID: .uid(uid)))
        #expect(directory.count == 2)
        #expect(servers[1].counts.duplicates == 1)
    }

    @Test(
        "An agent that connects to another shard before its former connection ends moves there, and is never lost"
    )
    func takeoverAcrossShards() {
        let directory = AgentDirectory()
        var servers = shards(3, directory)
        let ids = [servers[0].connect(), servers[1].connect(), servers[2].connect()]
        _ = servers[0].send(.full(uid, 1), over: ids[0])
        let taken = servers[1].send(.heartbeat(uid, 2), over: ids[1]).answer
        #expect(taken?.agentIdentification == nil)
        // What the other shard knew is out of reach, so the state is asked for.
        #expect(taken?.flags == [.reportFullState])
        _ = servers[0].close(ids[0])
        #expect(servers[0].counts.agentsLost == 0)
        #expect(servers[1].send(.full(uid, 3), over: ids[1]).answer?.flags == [])
        _ = servers[1].close(ids[1])
        #expect(servers[2].send(.heartbeat(uid, 4), over: ids[2]).answer?.flags == [])
        let total = servers.map(\.counts).reduce(ServerCounts(), +)
        #expect(total.agentsKnown == 1)
        #expect(total.takeovers == 1)
        #expect(total.agentsConnected == 1)
        #expect(total.agentsLost == 1)
    }

    @Test("If the former connection was alive after all, its agent is renamed when it next reports")
    func wrongTakeoverAcrossShards() {
        let directory = AgentDirectory()
        var servers = shards(2, directory)
        let ids = [servers[0].connect(), servers[1].connect()]
        _ = servers[0].send(.full(uid, 1), over: ids[0])
        _ = servers[1].send(.full(uid, 5), over: ids[1])
        #expect(servers[0].send(.heartbeat(uid, 2), over: ids[0]).answer?.agentIdentification != nil)
        #expect(servers[1].send(.heartbeat(uid, 6), over: ids[1]).answer == ServerToAgent(instanceUID: .uid(uid)))
        #expect((servers[0].counts + servers[1].counts).agentsConnected == 2)
    }

    @Test("The end of a connection whose agent has moved to another shard does not disconnect the agent")
    func lateEndOfFormerConnection() {
        let directory = AgentDirectory()
        var servers = shards(3, directory)
        let ids = [servers[0].connect(), servers[1].connect(), servers[2].connect()]
        _ = servers[0].send(.full(uid, 1), over: ids[0])
        _ = servers[1].send(.full(uid, 5), over: ids[1])
        _ = servers[0].close(ids[0])
        #expect(servers[2].send(.full(uid, 1), over: ids[2]).answer?.agentIdentification != nil)
        #expect(servers[1].send(.heartbeat(uid, 6), over: ids[1]).answer == ServerToAgent(instanceUID: .uid(uid)))
    }

    @Test("Polls of one agent may come to any shard")
    func polls() throws {
        let directory = AgentDirectory()
        var servers = shards(2, directory)
        let offer = Offer(revision: 1, .remoteConfig(.named("a")))
        for index in 0..<2 {
            _ = try servers[index].perform { registry, now, effects in try registry.offer(offer, at: now, &effects) }
        }
        let ids = [servers[0].accept().id, servers[1].accept().id]
        var offered = 0
        for round in 1...10 {
            let report: AgentToServer = round == 1 ? .full(uid, 1) : .heartbeat(uid, UInt64(round))
            let answer = servers[round % 2].send(report, over: ids[round % 2]).answer
            #expect(answer?.flags == [])
            if answer?.remoteConfig != nil { offered += 1 }
        }
        #expect(offered == 1)
        #expect((servers[0].counts + servers[1].counts).agentsKnown == 1)
    }

    @Test("No more agents than the limit, within the unevenness of the stripes")
    func limit() {
        let directory = AgentDirectory(stripes: 4, limit: 40)
        var servers = shards(1, directory)
        let id = servers[0].connect()
        for number in 0..<200 { _ = servers[0].send(.full(.number(UInt64(number)), 1), over: id) }
        #expect(directory.count <= 40)
        #expect(servers[0].counts.registryFull == 200 - UInt64(directory.count))
    }

    @Test(
        "Shards that run at the same time never both own an agent, nor forget one",
        arguments: 1...3 as ClosedRange<UInt64>)
    func atTheSameTime(seed: UInt64) async {
        let directory = AgentDirectory(stripes: 2)
        let counts = await withTaskGroup(of: ServerCounts.self) { group in
            for shard in 0..<4 {
                group.addTask {
                    var random = SeededRandom(seed: seed, stream: UInt64(shard))
                    var server = Rehearsal(seed: seed, shard: UInt16(shard), directory: directory)
                    var open: [ConnectionID] = []
                    for _ in 0..<1_000 {
                        let number = random.next() % 30
                        if open.count < 10, random.chance(0.3) { open.append(server.connect()) }
                        guard !open.isEmpty else { continue }
                        let place = random.index(below: open.count)
                        switch random.index(below: 10) {
                        case 0: _ = server.close(open.remove(at: place))
                        case 1:
                            _ = server.send(.agentDisconnect(.number(number), random.next() >> 8), over: open[place])
                        default: _ = server.send(.heartbeat(.number(number), random.next() >> 8), over: open[place])
                        }
                    }
                    for id in open { _ = server.close(id) }
                    return server.counts
                }
            }
            return await group.reduce(ServerCounts(), +)
        }
        #expect(counts.agentsKnown == UInt64(directory.count), "seed \(seed)")
        #expect(counts.agentsConnected == 0, "seed \(seed)")
        #expect(counts.agentsKnown == 30 + counts.agentsRenamed, "seed \(seed)")
        #expect(counts.reports == counts.answers, "seed \(seed)")
    }
}
