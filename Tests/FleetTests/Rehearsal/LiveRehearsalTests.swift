import Basis
import Rollout
import Simulation
import Testing

@testable import Fleet

/// A few hundred agents on real sockets. Every limit on time in the plans is far beyond what a loaded machine takes, so
/// decisions do not depend on the machine.
@Suite("Live rehearsals", .serialized)
struct LiveRehearsalTests {
    private static let fleet = """
        agents: 200, duration: 2h, begin: 10s, applying: {uniform: [2s, 10s]}, latency: 1ms, server: {accepts: 5000/s}
        """

    static let plans: [String] = [
        // A good revision.
        """
        name: good
        canary: {size: 10%, soak: 30s}
        batches: {size: 50%, soak: 30s}
        limits: {agent_timeout: 90m}
        world: {\(fleet)}
        expect: {outcome: finished, left: 0}
        """,
        // A third cannot apply it.
        """
        name: failing
        canary: {size: 30%, soak: 1m}
        gates: [{on: failed, above: 10, of: all}]
        limits: {agent_timeout: 90m}
        on_failure: roll-back
        world: {\(fleet), breakages: [{share: 35%, how: fails}]}
        expect: {outcome: stopped-in-canary, left: 0}
        """,
        // A change of a layer that only some agents get, each with the files of its own layers.
        """
        name: layered
        layers:
          - {name: base, files: {a.yaml: "one", b.yaml: "one"}}
          - {name: north, where: {zone: [north]}, files: {b.yaml: "north"}}
          - {name: gateways, where: {role: [gateway]}, files: {c.yaml: "gateway"}}
          - {name: lab, where: {ring: [lab]}, files: {b.yaml: "lab"}}
        change: {layer: {name: north, files: {b.yaml: "new"}}}
        canary: {size: 40%, soak: 1m}
        gates: [{on: failed, above: 6, of: all}]
        limits: {agent_timeout: 90m}
        on_failure: roll-back
        world:
          {\(fleet), attributes: {zone: {north: 60%, south: 40%}, role: {plain: 50%, gateway: 50%},
          ring: {lab: 30%, out: 70%}}, breakages: [{share: 60%, how: fails}]}
        expect: {outcome: stopped-in-canary, left: 0}
        """,
        // A third reports another configuration.
        """
        name: lying
        canary: {size: 30%, soak: 1m}
        gates: [{on: mismatched, above: 10, of: all}]
        limits: {agent_timeout: 90m}
        on_failure: abort
        world: {\(fleet), breakages: [{share: 35%, how: reports-other-configuration}]}
        expect: {outcome: aborted}
        """,
        // A third becomes unhealthy after it was applied.
        """
        name: poison
        canary: {size: 30%, soak: 30m}
        gates: [{on: unhealthy, above: 10, of: all}]
        limits: {agent_timeout: 90m}
        on_failure: roll-back
        world: {\(fleet), breakages: [{share: 35%, how: unhealthy, after: 20s}]}
        expect: {outcome: rolled-back, left: 0}
        """,
        // A component of a third becomes unhealthy after it was applied, and the agents as a whole are healthy.
        """
        name: component
        canary: {size: 30%, soak: 30m}
        gates:
          - {on: unhealthy, above: 0, of: all}
          - {on: unhealthy, component: "traces/exporter", above: 10, of: all}
        limits: {agent_timeout: 90m}
        on_failure: roll-back
        world:
          {\(fleet), components: {traces: [receiver, exporter], metrics: [exporter]},
          breakages: [{share: 35%, how: unhealthy, component: traces/exporter, after: 20s},
          {share: 50%, how: unhealthy, component: metrics, after: 10s, lasts: 10m}]}
        expect: {outcome: rolled-back, left: 0}
        """,
        // A third as a whole, and its components are healthy.
        """
        name: root
        canary: {size: 30%, soak: 30m}
        gates:
          - {on: unhealthy, component: exporter, above: 0, of: all}
          - {on: unhealthy, component: any, above: 10, of: all}
        limits: {agent_timeout: 90m}
        on_failure: roll-back
        world:
          {\(fleet), components: {traces: [receiver, exporter]},
          breakages: [{share: 35%, how: unhealthy, component: root, after: 20s}]}
        expect: {outcome: rolled-back, left: 0}
        """,
        // A third crashes, and starts again with the former configuration.
        """
        name: crashing
        canary: {size: 30%, soak: 30m}
        gates: [{on: failed, above: 10, of: all}]
        limits: {agent_timeout: 90m}
        on_failure: pause
        world: {\(fleet), breakages: [{share: 35%, how: crashes, after: 20s}]}
        expect: {outcome: paused}
        """,
        // A third is cut off for a while.
        """
        name: cut-off
        canary: {size: 30%, soak: 30m}
        gates: [{on: disconnected, above: 10, of: all}]
        limits: {agent_timeout: 90m}
        on_failure: roll-back
        world: {\(fleet), breakages: [{share: 35%, how: disconnects, after: 20s, lasts: 1m}]}
        expect: {outcome: rolled-back, left: 0}
        """,
        // Failed agents are offered it again.
        """
        name: retries
        stages: [{to: 100%}]
        retry: [5s]
        limits: {agent_timeout: 90m}
        world: {\(fleet), breakages: [{share: 20%, how: fails}]}
        expect: {outcome: finished}
        """,
        // A zone is out, and some agents have no connection at first.
        """
        name: outage
        canary: {size: 10%, soak: 1m}
        limits: {agent_timeout: 90m}
        world: {\(fleet), attributes: {zone: {a: 50%, b: 50%}}, offline: {share: 10%, for: 1m},
          outages: [{attribute: zone, value: b, at: 20s, for: 1m}]}
        expect: {outcome: finished, left: 0}
        """,
        // The server restarts.
        """
        name: restart
        canary: {size: 10%, soak: 1m}
        limits: {agent_timeout: 90m}
        world: {\(fleet), restarts: [{at: 30s, for: 20s}]}
        expect: {outcome: finished, left: 0}
        """,
        // Offers come with the answers to reports.
        """
        name: contact
        canary: {size: 10%, soak: 30s}
        limits: {agent_timeout: 90m}
        world: {agents: 100, duration: 2h, begin: 10s, heartbeat: 10s, server: {accepts: 5000/s, delivery: contact}}
        expect: {outcome: finished, left: 0}
        """,
    ]

    @Test(
        "A plan takes the same decisions on real sockets as in virtual time, and ends as it expects", arguments: plans)
    func equalDecisions(text: String) async throws {
        let plan = try RolloutPlan.read(Array(text.utf8), source: "plan")
        let live = try await LiveRehearsal(plan, seed: 3, speed: 20).run().summary
        let virtual = RehearsalSummary(plan, seed: 3, Rehearsal(plan, seed: 3).run())
        let twin = TwinComparison(live: live, virtual: virtual)
        #expect(twin.firstDifference == nil)
        #expect(live.differences == [] && virtual.differences == [])
        // What agents do is drawn alike: the same agents fail on both sides.
        #expect(live.tally.offered == virtual.tally.offered || live.stopped != nil)
        if live.stopped == nil {
            #expect(live.tally.failed == virtual.tally.failed && live.tally.applied == virtual.tally.applied)
        }
        #expect(live.live?.pushes ?? 0 >= live.tally.offered)
        #expect(live.minutes.reduce(0) { $0 + $1.reports } > 0)
    }

    @Test("The clocks of agents are off by as much as the plan says, and no decision is another for it")
    func clocks() async throws {
        let text = """
            name: clocks
            canary: {size: 30%, soak: 1m}
            gates: [{on: failed, above: 10, of: all}]
            limits: {agent_timeout: 90m}
            on_failure: roll-back
            world:
              {\(Self.fleet), breakages: [{share: 35%, how: fails}],
              clocks: [{share: 40%, by: 10h, direction: behind}]}
            expect: {outcome: stopped-in-canary, left: 0}
            """
        let plan = try RolloutPlan.read(Array(text.utf8), source: "plan")
        let live = try await LiveRehearsal(plan, seed: 3, speed: 20).run().summary
        let virtual = RehearsalSummary(plan, seed: 3, Rehearsal(plan, seed: 3).run())
        #expect(TwinComparison(live: live, virtual: virtual).firstDifference == nil && live.differences == [])
        let (seen, meant) = (try #require(live.clocks), try #require(virtual.clocks))
        #expect(seen.reported == 200 && meant.reported == 200 && meant.off > 50 && seen.off >= meant.off)
        #expect(meant.max == .hours(10) && seen.max >= .hours(10) - .seconds(1))
    }

    @Test("What the plan replaces of a profile is named")
    func replaced() throws {
        let plan = try RolloutPlan.read(Array("{}".utf8), source: "plan")
        func keys(_ text: String) throws -> [String] {
            let profile = try ProfileReader().read(text: text, source: "profile")
            return try LiveRehearsal(plan, seed: 1, speed: 1, profile: profile).replacedKeys
        }
        let some = "{agents: 7, duration: 3m, remote_config: {apply_time: 1s}, heartbeat: {interval: 5s}}"
        #expect(try keys(some) == ["agents", "duration", "remote_config.apply_time"])
        #expect(try keys("{heartbeat: {interval: 5s}}") == [])
    }

    @Test(
        "A plan or profile that cannot be rehearsed on sockets is refused with the reason",
        arguments: [
            ("change: {packages: p}", "{}", "only configurations"),
            ("{}", "events: [{at: 1s, drop_connections: 10%}]", "events"),
            ("{}", "server: ws://127.0.0.1:1/v1/opamp", "driver"),
            ("driver: {revision: x, offer: {run: [true]}}", "{}", "name the server"),
            ("driver: {revision: x, offer: {run: [true]}, server: nonsense}", "{}", "driver.server"),
            ("world: {message_loss: 1%}", "{}", "world.message_loss"),
            ("world: {polling: [{}]}", "{}", "world.polling"),
            ("world: {gateways: [{}]}", "{}", "world.gateways"),
            ("world: {controller_restarts: [1m]}", "{}", "world.controller_restarts"),
        ])
    func refused(plan: String, profile: String, word: String) throws {
        let plan = try RolloutPlan.read(Array(plan.utf8), source: "plan")
        let profile = try ProfileReader().read(text: profile, source: "profile")
        let error = #expect(throws: LiveRehearsalError.self) {
            _ = try LiveRehearsal(plan, seed: 1, speed: 1, profile: profile)
        }
        #expect(error?.description.contains(word) == true && error?.isUsage == true, "\(String(describing: error))")
    }
}
