import AgentModel
import Basis
import Metrics
import Synchronization
import Testing

@testable import Fleet

/// Runs that are watched and steered while they go on, as the live page does.
@Suite("Control of a run", .takingTurns)
struct RunControlTests {
    private static let shaped = """
        shards: 2
        agents: 40
        duration: 120s
        drain: 5s
        heartbeat: {interval: 200ms}
        population:
          - {to: 100%, over: 500ms}
          - {hold: 100s}

        """

    private static func profile(_ text: String) throws -> Profile {
        try ProfileReader().read(text: text, source: "test")
    }

    /// Performs a run; at each snapshot the next step may send a command, and is over when it says so.
    private static func perform(
        _ text: String, _ steps: [@Sendable (Snapshot, RunControl) -> Bool]
    ) async throws -> (record: RunRecord, control: RunControl) {
        let run = try await FleetRun(try profile(text))
        let control = RunControl()
        let place = Mutex(0)
        let record = await run.perform(as: .test, control: control) { snapshot in
            let step = place.withLock { $0 }
            guard step < steps.count, steps[step](snapshot, control) else { return }
            place.withLock { $0 += 1 }
        }
        return (record, control)
    }

    private static func send(_ command: RunControl.Command, _ control: RunControl) -> Bool {
        do throws(RunControl.Refusal) {
            try control.send(command)
            return true
        } catch {
            Issue.record("\(command): \(error)")
            return true
        }
    }

    @Test("Agents and pace follow the commands, marks are kept, and a drain ends the run in order")
    func commands() async throws {
        let heartbeats = Mutex(UInt64(0))
        let (record, control) = try await Self.perform(
            Self.shaped,
            [
                { snapshot, control in snapshot.states[.running] == 40 && Self.send(.agents(10), control) },
                { snapshot, control in
                    guard snapshot.phase == "agents 10", snapshot.states.online <= 10 else { return false }
                    return Self.send(.mark("fewer, now"), control) && Self.send(.agents(nil), control)
                },
                { snapshot, control in
                    snapshot.phase == "agents as planned" && snapshot.states[.running] == 40
                        && Self.send(.pace(2), control)
                },
                { snapshot, control in
                    guard snapshot.phase == "pace x2" else { return false }
                    heartbeats.withLock { $0 = max($0, snapshot.row.counters[.heartbeats]) }
                    return snapshot.phaseElapsed >= .seconds(2) && Self.send(.drain, control)
                },
            ])
        let summary = record.summary
        #expect(summary.outcome == .interrupted)
        #expect(
            summary.phases.map(\.label).filter { !["steady", "drain"].contains($0) && !$0.hasPrefix("arrival") }
                == ["agents 10", "agents as planned", "pace x2"])
        #expect(summary.marks.map(\.name) == ["fewer, now"])
        #expect(record.series.flatMap(\.marks) == ["fewer, now"])
        #expect(summary.counters[.agentsLeft] == 30 && summary.counters[.agentsStarted] == 70)
        // Ended in order: each agent that was there has said so.
        #expect(summary.counters[.agentDisconnects] == 70)
        #expect(throws: RunControl.Refusal.ended) { try control.send(.mark("too late")) }
    }

    @Test("The state of a run is made only while somebody watches, and grows no list")
    func watching() async throws {
        let versions = Mutex([Int]())
        let (_, control) = try await Self.perform(
            Self.shaped,
            [
                // Nobody has asked yet.
                { snapshot, control in snapshot.elapsed >= .seconds(2) && !control.isShown },
                { _, control in
                    guard let (record, version) = control.watch() else { return false }
                    versions.withLock { $0.append(version) }
                    #expect(record.summary.counters[.agentsStarted] > 0)
                    #expect(!record.histograms.contains { $0.tag.hasPrefix("interval/") })
                    return version >= 2 && Self.send(.abort, control)
                },
            ])
        #expect(versions.withLock { $0 == $0.sorted() && !$0.isEmpty })
        #expect(control.isShown)
    }

    @Test(
        "What the run cannot do is refused, with the reason",
        arguments: [
            (RunControl.Command.agents(5), RunControl.Refusal.agentsFixed), (.agents(nil), .agentsFixed),
            (.pace(0), .paceOutOfRange), (.pace(.nan), .paceOutOfRange), (.pace(1e9), .paceOutOfRange),
            (.mark(""), .emptyName), (.mark(String(repeating: "x", count: 61)), .emptyName),
        ])
    func refusals(command: RunControl.Command, refusal: RunControl.Refusal) async throws {
        let control = RunControl()
        control.begin(.init(maxAgents: nil, changesPace: true))
        #expect(throws: refusal) { try control.send(command) }
        #expect(!control.hasCommands && !refusal.description.isEmpty)
    }

    @Test("More agents than the profile plans are refused, and so are commands without end")
    func bounds() throws {
        let control = RunControl()
        control.begin(.init(maxAgents: 40, changesPace: false))
        #expect(throws: RunControl.Refusal.agentsOutOfRange(max: 40)) { try control.send(.agents(41)) }
        #expect(throws: RunControl.Refusal.agentsOutOfRange(max: 40)) { try control.send(.agents(-1)) }
        #expect(throws: RunControl.Refusal.noPace) { try control.send(.pace(2)) }
        for _ in 0..<16 { try control.send(.mark("m")) }
        #expect(throws: RunControl.Refusal.tooMany) { try control.send(.mark("m")) }
        #expect(control.take().count == 16 && !control.hasCommands)
    }
}
