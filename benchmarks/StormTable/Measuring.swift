import AgentModel
import Basis
import CEpollLoop
import Engine
import Foundation
import Hosting
import Metrics

/// What a client process measured of its storms.
struct StormResult {
    var reconnects: Int
    var cpu: Nanoseconds
    /// Of all storms, from the drop of the connections to the last answer.
    var elapsed: Nanoseconds
    var allocations: Int
    var waits: Int

    var cpuEach: Double { Double(cpu.count) / Double(max(1, reconnects)) / 1_000 }

    /// One line for the parent process.
    var line: String { "\(reconnects) \(cpu.count) \(elapsed.count) \(allocations) \(waits)" }

    init(reconnects: Int, cpu: Nanoseconds, elapsed: Nanoseconds, allocations: Int = 0, waits: Int = 0) {
        self.reconnects = reconnects
        self.cpu = cpu
        self.elapsed = elapsed
        self.allocations = allocations
        self.waits = waits
    }

    init?(line: String) {
        let fields = line.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
        guard fields.count == 5 else { return nil }
        self.init(
            reconnects: fields[0], cpu: Nanoseconds(Int64(fields[1])), elapsed: Nanoseconds(Int64(fields[2])),
            allocations: fields[3], waits: fields[4])
    }
}

/// The measurements that run in a process of their own.
enum Measuring {
    /// Storms by the plain C loop.
    static func cLoop(port: UInt16, connections: Int, storms: Int, resets: Bool) -> StormResult? {
        var load = epoll_loop_storms(
            port: Int32(port), connections: Int32(connections), storms: Int32(storms), resets: resets ? 1 : 0)
        var result = epoll_loop_storm_result()
        guard epoll_loop_storm(&load, &result) == 0 else { return nil }
        return StormResult(
            reconnects: Int(result.reconnects), cpu: Nanoseconds(Int64(result.cpu_nanoseconds)),
            elapsed: Nanoseconds(Int64(result.elapsed_nanoseconds)))
    }

    /// Storms by Muster's agents.
    ///
    /// - Parameter handshakes: the most that are under way at once; nil: any number.
    static func agents(
        at target: AgentTarget, agents: Int, storms: Int, handshakes: Int? = nil
    ) async throws -> StormResult? {
        var options = ShardOptions()
        if let handshakes { options.handshakeLimit = handshakes }
        let shard = try Shard(label: "agents", options: options)
        let fleet = Fleet(agents, on: shard, at: target)
        guard try await fleet.wait(untilAnswered: agents) != nil else { return nil }
        var result = StormResult(reconnects: 0, cpu: .zero, elapsed: .zero)
        for storm in 1...storms {
            let before = await Usage(of: shard)
            fleet.storm()
            guard let after = try await fleet.wait(untilAnswered: agents * (storm + 1)) else { return nil }
            result.reconnects += agents
            result.cpu = result.cpu + (after.cpu - before.cpu)
            result.allocations += after.allocations - before.allocations
            result.waits += after.waits - before.waits
            result.elapsed = result.elapsed + (after.at - before.at)
        }
        return result
    }

    /// How late heartbeats leave while other agents of the shard reconnect: `agents` of them in each storm, beside
    /// `beating` agents with a heartbeat a second. On a machine that other programs use as well, the CPU time of the
    /// shard between two looks at its timers is the part that is its own.
    static func lateness(at target: AgentTarget, agents: Int, beating: Int, storms: Int) async throws -> [String]? {
        let shard = try Shard(label: "agents")
        let beats = Fleet(beating, on: shard, at: target, firstIndex: 1_000_000) {
            $0.heartbeat = HeartbeatPlan(interval: .seconds(1))
        }
        let fleet = Fleet(agents, on: shard, at: target)
        guard try await fleet.wait(untilAnswered: agents, isQuietBetween: false) != nil else { return nil }
        let probe = TimerProbe(shard: shard)
        probe.begin()
        var lines: [String] = []
        await beats.beginStretch("quiet")
        _ = await probe.takeLongest()
        try await Task.sleep(for: .seconds(3))
        await beats.tick()
        lines.append(row("quiet", beats.measures[Measure.schedulingDelay.index], await probe.takeLongest()))
        for storm in 1...storms {
            await beats.beginStretch("storm")
            _ = await probe.takeLongest()
            fleet.storm()
            guard try await fleet.wait(untilAnswered: agents * (storm + 1), isQuietBetween: false) != nil else {
                return nil
            }
            await beats.tick()
            let longest = await probe.takeLongest()
            lines.append(row("storm \(storm)", beats.measures[Measure.schedulingDelay.index], longest))
            try await Task.sleep(for: .seconds(1))
        }
        return lines
    }

    private static func row(_ name: String, _ delay: MeasureSummary, _ longest: Nanoseconds) -> String {
        "\(name): \(delay.count) heartbeats, late p50 \(delay.p50), p99 \(delay.p99), max \(delay.max); "
            + "longest between two looks at the timers: \(longest) of CPU"
    }

    /// System calls and CPU a heartbeat of `agents` agents with a heartbeat each `interval`.
    static func heartbeats(
        at target: AgentTarget, agents: Int, interval: Nanoseconds, seconds: Int
    ) async throws -> String {
        let shard = try Shard(label: "agents")
        let fleet = Fleet(agents, on: shard, at: target, over: .milliseconds(500)) {
            $0.heartbeat = HeartbeatPlan(interval: interval)
        }
        try await Task.sleep(for: .nanoseconds(interval.count) + .seconds(2))
        await fleet.beginStretch("measured")
        let before = (await shard.value { [shard] in shard.counters }, fleet.counters[.heartbeats], epoll_loop_cpu())
        try await Task.sleep(for: .seconds(seconds))
        let used = epoll_loop_cpu() - before.2
        let after = await shard.value { [shard] in shard.counters }
        await fleet.tick()
        let beats = Double(fleet.counters[.heartbeats] - before.1)
        let delay = fleet.measures[Measure.schedulingDelay.index]
        func each(_ path: KeyPath<ShardCounters, UInt64>) -> String {
            String(format: "%.3f", Double(after[keyPath: path] - before.0[keyPath: path]) / beats)
        }
        return "\(Int(beats)) heartbeats; each: \(each(\.waits)) waits, \(each(\.events)) events, "
            + "\(each(\.timersFired)) timers, \(each(\.receives)) receives, \(each(\.sends)) sends, "
            + String(format: "%.1f us CPU", Double(used) / 1_000 / beats)
            + "; late p50 \(delay.p50), p99 \(delay.p99)"
    }

    /// Resident and allocated bytes of this process with `agents` agents that have arrived over `ramp` and are idle.
    static func memory(at target: AgentTarget, agents: Int, ramp: Nanoseconds) async throws -> String? {
        ProcessHeap.giveBackLargeBlocks()
        var options = ShardOptions()
        options.handshakeLimit = 100
        let shard = try Shard(label: "agents", options: options)
        let before = ProcessFigures.current()
        let fleet = Fleet(agents, on: shard, at: target, over: ramp)
        try await Task.sleep(for: .nanoseconds(ramp.count) + .milliseconds(500))
        guard try await fleet.wait(untilAnswered: agents) != nil else { return nil }
        try await Task.sleep(for: .seconds(2))
        ProcessHeap.giveBackFreePages()
        let after = ProcessFigures.current()
        return "\(agents) \(after.residentBytes) \(after.allocatedBytes) "
            + "\(before.residentBytes) \(before.allocatedBytes)"
    }
}

/// A timer that is always due, and the most CPU time that its shard has used between two times that it fired. On its
/// shard.
private final class TimerProbe: Endpoint, @unchecked Sendable {
    private var last = Nanoseconds.zero
    private var longest = Nanoseconds.zero

    func begin() {
        shard.perform { [self] in
            last = shard.threadCPU
            setTimer(at: shard.now)
        }
    }

    override func timerFired(due: Instant) {
        let used = shard.threadCPU
        longest = max(longest, used - last)
        last = used
        setTimer(at: shard.now + .microseconds(200))
    }

    /// The longest since the last call.
    func takeLongest() async -> Nanoseconds {
        await shard.value { [self] in
            defer { longest = .zero }
            return longest
        }
    }
}
