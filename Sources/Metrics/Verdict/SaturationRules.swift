public import Basis

/// When the tool itself is the bottleneck. Pure: figures in, verdict out; the rules are described in `docs/results.md`.
public struct SaturationRules: Hashable, Sendable {
    /// p99 of the scheduling lag beyond which the generator is strained.
    public var strainedDelay = Nanoseconds.milliseconds(1)
    /// p99 of the scheduling lag beyond which it is saturated.
    public var saturatedDelay = Nanoseconds.milliseconds(10)
    /// The scheduling lag beyond which it is saturated as a share of the heartbeat interval, where that is the
    /// shorter.
    public var saturatedDelayShare = 0.1
    /// Share of the available cores from which the tool is strained.
    public var strainedCPU = 0.75
    /// Share of the available cores from which it is saturated.
    public var saturatedCPU = 0.9
    /// Share of a phase's seconds that, saturated one by one, make the tool strained though its phase as a whole is
    /// not.
    public var saturatedSecondsShare = 0.1
    /// Fewer values than this say nothing about a p99.
    public var fewestDelays: UInt64 = 100

    public init() {}

    /// What the rules look at: of one second, of a phase, of a run.
    public struct Evidence: Hashable, Sendable {
        /// The scheduling lag.
        public var delay: CompactHistogram
        /// The share of the available cores that the process used, 0...1.
        public var cpuShare: Double
        public var counters: CounterTable
        /// Shards that did not hand over at a tick.
        public var silentShards: Int
        /// The shortest heartbeat interval of the run, where known.
        public var heartbeatInterval: Nanoseconds?

        public init(
            delay: CompactHistogram, cpuShare: Double, counters: CounterTable, silentShards: Int = 0,
            heartbeatInterval: Nanoseconds? = nil
        ) {
            self.delay = delay
            self.cpuShare = cpuShare
            self.counters = counters
            self.silentShards = silentShards
            self.heartbeatInterval = heartbeatInterval
        }
    }

    /// Applies every rule.
    /// - Parameter place: where the evidence comes from, such as `phase storm`; nil for the present second.
    public func findings(for evidence: Evidence, in place: String? = nil) -> [Verdict.Finding] {
        let suffix = place.map { " (\($0))" } ?? ""
        return [
            delayFinding(evidence, suffix),
            cpuFinding(evidence, suffix),
            countFinding(
                evidence, .skippedHeartbeats, "skipped-heartbeats", suffix,
                "heartbeats were not sent, because the generator was late",
                "fewer agents per process, a longer heartbeat interval, or more cores"),
            countFinding(
                evidence, .outOfDescriptors, "out-of-descriptors", suffix,
                "connections failed: out of file descriptors",
                "raise the hard limit (ulimit -Hn), or split the fleet over several processes"),
            countFinding(
                evidence, .outOfPorts, "out-of-ports", suffix, "connections failed: out of local ports",
                "give more source addresses (--source), or more destinations"),
            evidence.silentShards > 0
                ? Verdict.Finding(
                    rule: "silent-shards", level: .strained,
                    message:
                        "\(evidence.silentShards) shard(s) were too busy to hand over their figures in time\(suffix)",
                    remedy: "fewer agents per process, or more cores", figure: Double(evidence.silentShards))
                : nil,
        ].compactMap { $0 }
    }

    /// The rule on seconds: a phase that is fine on the whole, yet saturated in a good share of its seconds, is
    /// strained.
    func secondsFinding(saturated: Nanoseconds, of length: Nanoseconds, in place: String) -> Verdict.Finding? {
        guard saturated > .zero, saturated.seconds >= saturatedSecondsShare * length.seconds else { return nil }
        let (of, all) = (Int(saturated.seconds.rounded(.up)), Int(length.seconds.rounded(.up)))
        return Verdict.Finding(
            rule: "saturated-seconds", level: .strained,
            message: "the generator was saturated in \(of) of \(all) seconds (\(place))",
            remedy: "look at series.csv: the figures of these seconds are not the server's alone",
            figure: saturated.seconds / length.seconds)
    }

    private func delayFinding(_ evidence: Evidence, _ suffix: String) -> Verdict.Finding? {
        guard evidence.delay.count >= fewestDelays else { return nil }
        let p99 = evidence.delay.value(atPercentile: 99)
        let interval = evidence.heartbeatInterval?.scaled(by: saturatedDelayShare)
        let saturated = max(min(saturatedDelay, interval ?? saturatedDelay), strainedDelay)
        guard p99 > strainedDelay else { return nil }
        return Verdict.Finding(
            rule: "scheduling-lag", level: p99 > saturated ? .saturated : .strained,
            message: "the generator ran 1 % of its timers more than \(p99) late\(suffix)",
            remedy: "fewer agents per process, more cores, or nothing else on this machine", figure: p99.seconds)
    }

    private func cpuFinding(_ evidence: Evidence, _ suffix: String) -> Verdict.Finding? {
        guard evidence.cpuShare >= strainedCPU else { return nil }
        let percent = Int((evidence.cpuShare * 100).rounded())
        return Verdict.Finding(
            rule: "own-cpu", level: evidence.cpuShare >= saturatedCPU ? .saturated : .strained,
            message: "the generator used \(percent) % of the cores that it may use\(suffix)",
            remedy: "fewer agents per process, more cores, or the server on another machine", figure: evidence.cpuShare)
    }

    private func countFinding(
        _ evidence: Evidence, _ counter: Counter, _ rule: String, _ suffix: String, _ what: String, _ remedy: String
    ) -> Verdict.Finding? {
        let count = evidence.counters[counter]
        guard count > 0 else { return nil }
        return Verdict.Finding(
            rule: rule, level: .saturated, message: "\(count) \(what)\(suffix)", remedy: remedy,
            figure: Double(count))
    }
}
