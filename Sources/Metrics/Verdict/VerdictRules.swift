public import Basis

/// Whether the tool itself was the bottleneck. Pure: figures in, findings out; the rules are described in
/// `docs/results.md`.
public struct VerdictRules: Hashable, Sendable {
    /// From which value on a figure is a finding, and from which the tool is the bottleneck.
    public struct Limits: Hashable, Sendable {
        public var shared: Double
        public var toolBound: Double

        func level(of figure: Double) -> Verdict.Level {
            figure >= toolBound ? .toolBound : figure >= shared ? .shared : .clear
        }
    }

    /// The scheduling lag as a share of the response time.
    public var ownShare = Limits(shared: 0.1, toolBound: 0.5)
    /// A scheduling lag below this is clear whatever its share: a wake-up of a thread alone costs tens of microseconds.
    public var clearLag = Nanoseconds.microseconds(100)
    /// The tool is not the bottleneck below this scheduling lag, whatever its share: p50, and higher percentiles.
    public var toolBoundMedianLag = Nanoseconds.milliseconds(1)
    public var toolBoundLag = Nanoseconds.milliseconds(10)
    /// The same as a share of the heartbeat interval, where that is shorter.
    public var toolBoundLagShare = 0.1
    /// The share of the time in which the thread of the busiest shard ran.
    public var busiestShard = Limits(shared: 0.75, toolBound: 0.9)
    /// The share of all available cores that the process used. An open loop shows a lack of cores as scheduling lag.
    public var openLoopCPU = Limits(shared: 0.9, toolBound: .infinity)
    /// In a closed loop the tool's work on each message delays the next one, and no lag shows it.
    public var closedLoopCPU = Limits(shared: 0.25, toolBound: 0.9)
    /// The share of the periods of the CPU quota in which the process was stopped.
    public var throttled = Limits(shared: 0.01, toolBound: 0.25)
    /// The share of the machine's CPU time that the hypervisor gave to others.
    public var stolen = Limits(shared: 0.05, toolBound: 0.25)
    /// The share of the heartbeats that were skipped.
    public var skipped = Limits(shared: .leastNonzeroMagnitude, toolBound: 0.01)
    /// The share of a phase's seconds that were tool-bound one by one.
    public var toolBoundSecondsShare = 0.1
    /// CPU shares of a shorter time are not judged.
    public var shortestForCPU = Nanoseconds.milliseconds(500)

    public init() {}

    /// Applies every rule.
    /// - Parameter place: where the evidence comes from, such as `phase storm`; nil for the present second.
    public func findings(for evidence: Evidence, in place: String? = nil) -> [Verdict.Finding] {
        let suffix = place.map { " (\($0))" } ?? ""
        let findings = [
            ownShareFinding(evidence), lagFinding(evidence), busiestShardFinding(evidence), cpuFinding(evidence),
            quotaFinding(evidence), stolenFinding(evidence), skippedFinding(evidence),
            countFinding(
                evidence, .outOfDescriptors, "out-of-descriptors", "connections failed: out of file descriptors",
                "raise the hard limit (ulimit -Hn), or split the fleet over several processes"),
            countFinding(
                evidence, .outOfPorts, "out-of-ports", "connections failed: out of local ports",
                "give more source addresses (--source), or more destinations"),
            evidence.silentShards > 0
                ? Verdict.Finding(
                    rule: "silent-shards", level: .shared,
                    message: "\(evidence.silentShards) shard(s) were too busy to hand over their figures in time",
                    remedy: "fewer agents per process, or more cores", figure: Double(evidence.silentShards))
                : nil,
        ]
        return findings.compactMap { finding in
            guard var finding, finding.level > .clear else { return nil }
            finding.message += suffix
            return finding
        }
    }

    /// A phase that is not tool-bound on the whole, but is in a good share of its seconds.
    func secondsFinding(toolBound: Nanoseconds, of length: Nanoseconds, in place: String) -> Verdict.Finding? {
        guard toolBound > .zero, toolBound.seconds >= toolBoundSecondsShare * length.seconds else { return nil }
        let (of, all) = (Int(toolBound.seconds.rounded(.up)), Int(length.seconds.rounded(.up)))
        return Verdict.Finding(
            rule: "tool-bound-seconds", level: .shared,
            message: "the generator was the bottleneck in \(of) of \(all) seconds (\(place))",
            remedy: "look at series.csv: the figures of these seconds are not the server's alone",
            figure: toolBound.seconds / length.seconds)
    }

    // MARK: - Lag

    private func ownShareFinding(_ evidence: Evidence) -> Verdict.Finding? {
        let judged = evidence.ownShare?.parts.map { (part: $0, level: level(of: $0, evidence.load)) } ?? []
        // Of equals the higher percentile: it is the one that is looked at.
        guard let worst = judged.max(by: { ($0.level, $0.part.share) < ($1.level, $1.part.share) }) else { return nil }
        let part = worst.part
        return Verdict.Finding(
            rule: "own-share", level: worst.level,
            message: "\(Figures.percent(part.share)) of the response time at \(part.name) is the generator's own "
                + "scheduling lag: \(Figures.duration(part.lag)) of \(Figures.duration(part.figure))",
            remedy: remedy(for: evidence), figure: part.share)
    }

    private func level(of part: OwnShare.Part, _ load: LoadFacts) -> Verdict.Level {
        let level = part.lag < clearLag ? .clear : ownShare.level(of: part.share)
        return level == .toolBound && part.lag < toolBoundLag(at: part.percentile, load) ? .shared : level
    }

    private func toolBoundLag(at percentile: Double, _ load: LoadFacts) -> Nanoseconds {
        guard percentile > 50 else { return toolBoundMedianLag }
        let ofInterval = load.heartbeatInterval?.scaled(by: toolBoundLagShare) ?? toolBoundLag
        return max(min(toolBoundLag, ofInterval), toolBoundMedianLag)
    }

    /// Where there is no response time to set the lag against: in a phase without heartbeats, say.
    private func lagFinding(_ evidence: Evidence) -> Verdict.Finding? {
        guard evidence.ownShare == nil, evidence.lag.count >= 100 else { return nil }
        let p99 = evidence.lag.p99
        guard p99 >= toolBoundLag(at: 99, evidence.load) else { return nil }
        return Verdict.Finding(
            rule: "scheduling-lag", level: p99 >= .seconds(1) ? .toolBound : .shared,
            message: "the generator ran 1 % of its timers more than \(Figures.duration(p99)) late",
            remedy: remedy(for: evidence), figure: p99.seconds)
    }

    /// What to do about a late tool, by what made it late.
    private func remedy(for evidence: Evidence) -> String {
        if throttled.level(of: evidence.withheld.throttledShare) > .clear { return Self.quotaRemedy }
        if stolen.level(of: evidence.withheld.stolenShare) > .clear { return Self.stolenRemedy }
        let busiest = evidence.busiestShard?.share ?? 0
        if busiest >= busiestShard.shared {
            return evidence.cpuShare < openLoopCPU.shared ? Self.shardRemedy(evidence) : Self.coresRemedy(evidence)
        }
        if evidence.cpuShare >= busiestShard.shared { return Self.coresRemedy(evidence) }
        return "spread arrivals and events over more time, or let nothing else run on this machine"
    }

    private static let quotaRemedy = "raise the CPU quota of the container (cpu.max), or remove it"
    private static let stolenRemedy = "a machine whose cores are not shared with others"

    private static func shardRemedy(_ evidence: Evidence) -> String {
        Double(evidence.shards.count) < evidence.availableCores
            ? "more shards (--shards), up to one for each core" : "fewer agents per process, or more cores"
    }

    private static func coresRemedy(_ evidence: Evidence) -> String {
        evidence.load.serverInProcess
            ? "fewer agents per process, more cores, or the server on another machine"
            : "fewer agents per process, or more cores"
    }

    // MARK: - CPU

    private func busiestShardFinding(_ evidence: Evidence) -> Verdict.Finding? {
        guard evidence.span >= shortestForCPU, let busiest = evidence.busiestShard else { return nil }
        return Verdict.Finding(
            rule: "busiest-shard", level: busiestShard.level(of: busiest.share),
            message: "the thread of shard \(busiest.index) ran for \(Figures.percent(busiest.share)) of the time, "
                + "and answers may have waited for it",
            remedy: Self.shardRemedy(evidence), figure: busiest.share)
    }

    private func cpuFinding(_ evidence: Evidence) -> Verdict.Finding? {
        guard evidence.span >= shortestForCPU else { return nil }
        let limits = evidence.load.hasClosedLoop ? closedLoopCPU : openLoopCPU
        let server = evidence.load.serverInProcess ? ", the embedded server included" : ""
        return Verdict.Finding(
            rule: "own-cpu", level: limits.level(of: evidence.cpuShare),
            message: "the process used \(Figures.percent(evidence.cpuShare)) of the "
                + "\(Figures.cores(evidence.availableCores)) that it may use\(server)",
            remedy: Self.coresRemedy(evidence), figure: evidence.cpuShare)
    }

    private func quotaFinding(_ evidence: Evidence) -> Verdict.Finding? {
        let share = evidence.withheld.throttledShare
        return Verdict.Finding(
            rule: "cpu-quota", level: throttled.level(of: share),
            message: "the CPU quota of \(Figures.cores(evidence.availableCores)) stopped the process in "
                + "\(Figures.percent(share)) of its periods",
            remedy: Self.quotaRemedy, figure: share)
    }

    private func stolenFinding(_ evidence: Evidence) -> Verdict.Finding? {
        let share = evidence.withheld.stolenShare
        return Verdict.Finding(
            rule: "stolen-cpu", level: stolen.level(of: share),
            message: "the hypervisor gave \(Figures.percent(share)) of this machine's CPU time to others",
            remedy: Self.stolenRemedy, figure: share)
    }

    // MARK: - Counts

    private func skippedFinding(_ evidence: Evidence) -> Verdict.Finding? {
        let count = evidence.counters[.skippedHeartbeats]
        let share = count > 0 ? Double(count) / Double(count &+ evidence.counters[.heartbeats]) : 0
        return Verdict.Finding(
            rule: "skipped-heartbeats", level: skipped.level(of: share),
            message: "\(Figures.count(count)) heartbeats (\(Figures.percent(share))) were not sent, because the "
                + "generator was late by more than their interval",
            remedy: remedy(for: evidence), figure: share)
    }

    private func countFinding(
        _ evidence: Evidence, _ counter: Counter, _ rule: String, _ what: String, _ remedy: String
    ) -> Verdict.Finding? {
        let count = evidence.counters[counter]
        guard count > 0 else { return nil }
        return Verdict.Finding(
            rule: rule, level: .toolBound, message: "\(count) \(what)", remedy: remedy, figure: Double(count))
    }
}
