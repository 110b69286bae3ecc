import Basis
import Testing

@testable import Rollout

@Suite("Controller")
struct ControllerTests {
    private func world(_ agents: Int, _ change: (inout RolloutPlan) -> Void) -> TestWorld {
        var plan = RolloutPlan()
        change(&plan)
        return TestWorld(plan, fleet: RolloutFleet(count: agents))
    }

    private func stage(_ to: AgentAmount, soak: Int64 = 0, _ change: (inout StagePlan) -> Void = { _ in }) -> StagePlan
    {
        var stage = StagePlan()
        stage.to = to
        stage.soak = .seconds(soak)
        change(&stage)
        return stage
    }

    private func gate(_ on: GatePlan.Fault, above: AgentAmount, _ change: (inout GatePlan) -> Void = { _ in })
        -> GatePlan
    {
        var gate = GatePlan()
        gate.on = on
        gate.above = above
        change(&gate)
        return gate
    }

    /// Begins of stages in seconds.
    private func begins(_ world: TestWorld) -> [Double] {
        world.decisions.filter { $0.kind.isStageBegin }.map { ($0.at - Instant.zero).seconds }
    }

    @Test("A plan without keys offers to all at once; nobody to offer to finishes at once", arguments: [0, 1, 100])
    func plain(agents: Int) {
        var world = world(agents) { _ in }
        world.run()
        #expect(world.controller.result == .finished)
        #expect(world.controller.tally.applied == agents)
    }

    @Test("Canary, stages, batches, and what remains, each after the soak of the one before")
    func sequence() {
        var world = world(100) {
            $0.canary = CanaryPlan()
            $0.canary?.size = .agents(5)
            $0.canary?.soak = .seconds(60)
            $0.stages = [stage(.share(0.2), soak: 30), stage(.agents(50), soak: 10)]
            $0.batches = BatchSettings()
            $0.batches?.size = .agents(20)
            $0.batches?.growth = 2
        }
        world.run()
        #expect(begins(world) == [0, 61, 92, 103, 104])
        #expect(world.controller.stageTallies.map(\.offered) == [5, 15, 30, 20, 30])
    }

    @Test("Offers over a time are even, and a stop in between leaves the others alone")
    func paced() {
        var world = world(1_000) {
            $0.stages = [stage(.share(1)) { $0.over = .seconds(1_000) }]
            $0.gates = [gate(.failed, above: .agents(0))]
            $0.onFailure = .abort
        }
        let order = world.controller.order
        world.behaviour = { $0 == order[99] ? .fails : .applies }
        world.run()
        #expect(world.controller.tally.offered >= 100 && world.controller.tally.offered <= 102)
        #expect(world.controller.result == .aborted(stage: 0))
    }

    @Test("Windows: offers are sent only while they are open")
    func windows() {
        var world = world(300) {
            $0.limits.concurrency = .agents(10)
            $0.stages = [
                stage(.share(1)) {
                    $0.window = StageWindow()
                    $0.window?.opens = .seconds(100)
                    $0.window?.length = .seconds(10)
                    $0.window?.every = .seconds(60)
                }
            ]
        }
        world.run()
        #expect(begins(world) == [100])
        // Ten agents a second, ten seconds a window: the third opens at 220 s.
        #expect(world.controller.ended == Instant.zero + .seconds(230))
        #expect(world.decisions.count { if case .windowAwaited = $0.kind { true } else { false } } == 3)
    }

    @Test("A stage with approval waits for the operator; so does a pause; offers go on where they were")
    func operators() {
        var world = world(100) {
            $0.limits.concurrency = .agents(1)
            $0.stages = [stage(.agents(10)), stage(.share(1)) { $0.approval = true }]
        }
        world.run()
        #expect(world.controller.state == .paused(stage: 1, .approval))
        #expect(world.controller.nextDeadline == nil && world.offered.count == 10)
        world.controller.resume(at: .zero + .seconds(100), &world.output)
        world.perform()
        world.run(until: .zero + .seconds(110))
        world.controller.pause(at: .zero + .seconds(110), &world.output)
        world.run()
        #expect(world.controller.state == .paused(stage: 1, .operatorCommand))
        let offered = world.offered.count
        world.controller.resume(at: .zero + .seconds(200), &world.output)
        world.run()
        #expect(offered < 25 && world.offered.count == 100 && world.offers == 100)
        #expect(world.controller.result == .finished)
    }

    @Test("Agents that do not answer in time count; a later answer counts instead")
    func timeouts() {
        var world = world(10) { $0.limits.agentTimeout = .seconds(30) }
        let order = world.controller.order
        world.behaviour = { $0 == order[0] ? .silent : .applies }
        world.delay = { $0 == order[1] ? .seconds(40) : .seconds(1) }
        world.controller.begin(at: .zero, &world.output)
        world.perform()
        while world.controller.tally.noAnswer < 2, world.step(until: .distantFuture) {}
        #expect(world.now == .zero + .seconds(30))
        #expect(world.controller.result == .finished, "both have timed out")
    }

    @Test("A late answer while the stage is watched is counted as an answer")
    func late() {
        var world = world(10) {
            $0.limits.agentTimeout = .seconds(30)
            $0.stages = [stage(.share(1), soak: 100)]
        }
        let order = world.controller.order
        world.delay = { $0 == order[1] ? .seconds(40) : .seconds(1) }
        world.run()
        #expect(world.controller.tally.noAnswer == 0 && world.controller.tally.applied == 10)
        #expect(world.controller.tally.broken == 1, "it was too late once")
    }

    @Test("Agents in flight when a gate fires finish and count")
    func inFlight() {
        var world = world(50) {
            $0.gates = [gate(.failed, above: .agents(2))]
            $0.onFailure = .abort
        }
        world.delay = { .seconds(1 + Int64($0)) }
        world.behaviour = { $0 < 10 ? .fails : .applies }
        world.run()
        let stop = world.decisions.first { $0.kind.isStop }
        #expect(stop?.at == .zero + .seconds(3))
        #expect(world.controller.tally.failed == 10 && world.controller.tally.applied == 40)
        #expect(world.controller.ended == .zero + .seconds(50))
    }

    @Test("Rolling back a stage offers the former revision to its agents only", arguments: [true, false])
    func rollBack(all: Bool) {
        var world = world(100) {
            $0.stages = [stage(.agents(20)), stage(.share(1))]
            $0.gates = [gate(.failed, above: .agents(0))]
            $0.onFailure = all ? .rollBack : .rollBackStage
            $0.rollBack.over = .seconds(40)
        }
        let bad = world.controller.order[30]
        world.behaviour = { $0 == bad ? .fails : .applies }
        world.run()
        #expect(world.takenBack == Set(all ? world.controller.order[...] : world.controller.order[20...]))
        #expect(world.controller.result == .rolledBack(stage: 1, unreached: 0))
        #expect(world.controller.tally.restored == (all ? 100 : 80))
    }

    @Test("An agent that does not confirm the former revision is unreached, and the rollback ends")
    func unreached() {
        var world = world(10) {
            $0.gates = [gate(.failed, above: .agents(0))]
            $0.onFailure = .rollBack
            $0.rollBack.timeout = .seconds(60)
        }
        world.behaviour = { $0 == 0 ? .fails : $0 == 1 ? .silent : .applies }
        world.run()
        #expect(world.controller.result == .rolledBack(stage: 0, unreached: 1))
        #expect(world.controller.ended == .zero + .seconds(61))
    }

    @Test(
        "An outage that hits all alike does not fire a gate against the agents that are not updated",
        arguments: [GatePlan.Comparison.absolute, .notUpdated])
    func comparison(against: GatePlan.Comparison) {
        var world = world(1_000) {
            $0.stages = [stage(.share(0.2), soak: 1_000), stage(.share(1))]
            $0.gates = [
                gate(.disconnected, above: .share(0.15)) {
                    $0.against = against
                    $0.minimumSample = 50
                }
            ]
        }
        world.add(
            (0..<1_000).filter { $0 % 3 == 0 }.flatMap { agent in
                [(100, AgentOutcome.Kind.disconnected), (400, .reconnected)].map { at, kind in
                    AgentOutcome(at: .zero + .seconds(at), agent: UInt32(agent), revision: .initial, kind: kind)
                }
            })
        world.run()
        if against == .absolute {
            #expect(world.controller.state == .paused(stage: 0, .failure))
        } else {
            #expect(world.controller.result == .finished)
        }
    }

    @Test("A window forgets what is older")
    func slidingWindow() {
        for (window, stops) in [(Int64(1_000), true), (50, false)] {
            var world = world(300) {
                $0.limits.concurrency = .agents(1)
                $0.gates = [
                    gate(.failed, above: .agents(2)) {
                        $0.window = .seconds(window)
                    }
                ]
            }
            let order = world.controller.order
            let bad = Set([10, 80, 150].map { order[$0] })
            world.behaviour = { bad.contains($0) ? .fails : .applies }
            world.run()
            #expect((world.controller.result == .finished) == !stops, "window of \(window) s")
        }
    }

    @Test("Unhealthy and disconnected agents can be left out")
    func skips() {
        var world = world(100) {
            $0.target.skipsUnhealthy = true
            $0.stages = [stage(.share(0.5), soak: 100), stage(.share(1))]
        }
        let order = world.controller.order
        world.add([
            AgentOutcome(at: .zero + .seconds(5), agent: order[60], revision: .initial, kind: .unhealthy),
            AgentOutcome(at: .zero + .seconds(5), agent: order[61], revision: .initial, kind: .disconnected),
            AgentOutcome(at: .zero + .seconds(5), agent: order[62], revision: .initial, kind: .unhealthy),
            AgentOutcome(at: .zero + .seconds(6), agent: order[62], revision: .initial, kind: .healthy),
        ])
        world.run()
        #expect(world.controller.tally.skipped == 2 && world.controller.tally.applied == 98)
        #expect(!world.offered.contains(order[60]) && !world.offered.contains(order[61]))
    }

    @Test("What an agent is meant to have follows the rollout")
    func targets() {
        var world = world(10) {
            $0.stages = [stage(.agents(5), soak: 10)]
            $0.gates = [gate(.failed, above: .agents(0))]
            $0.onFailure = .rollBack
        }
        let order = world.controller.order
        #expect(world.controller.target(of: order[0]) == .initial)
        world.run(until: .zero + .seconds(3))
        #expect(world.controller.target(of: order[0]) == Revision(1))
        #expect(world.controller.target(of: order[9]) == .initial)
        world.controller.rollBack(at: .zero + .seconds(4), &world.output)
        #expect(world.controller.target(of: order[0]) == .initial)
    }
}
