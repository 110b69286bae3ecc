import Basis

/// What a shard knows of the servers that its agents talk to.
struct Learned: Sendable {
    private(set) var counts = LearnedCounts()
    /// The counts as they were when they were last exchanged.
    private var exchanged = LearnedCounts()
    private var kinds: [ServiceTimes]
    /// Of a message that answers nothing, by what it shows: the logarithm of the rate per second.
    private(set) var logSurplus = Array(repeating: 0.0, count: ReceivedMessage.allCases.count)
    private var changes = Array(repeating: 0, count: Matcher.maxKinds)
    /// The share of reports that were overtaken before their answer, among those sent while nothing was in doubt.
    private(set) var overtaken = 0.0
    private var overtakenSamples = 0
    /// The share of messages that looked like answers and fitted no report.
    private(set) var misfits = 0.0
    /// Some report has been overtaken: from then on it is worth knowing whether Pongs are ordered.
    private(set) var hasOverlap = false

    init(longest: Nanoseconds) {
        kinds = Array(
            repeating: ServiceTimes(LearnedCounts(), kind: 0, longest: longest), count: Matcher.maxKinds)
        rebuildRates()
    }

    @inline(__always)
    subscript(kind: UInt8) -> ServiceTimes {
        _read { yield kinds[Int(kind)] }
    }

    /// No answer takes longer than `span`.
    mutating func raise(longest span: Nanoseconds) {
        for kind in kinds.indices { kinds[kind] = ServiceTimes(counts, kind: kind, longest: span) }
    }

    // MARK: - Service times

    @inline(__always)
    mutating func answered(_ kind: UInt8, _ span: Nanoseconds, _ type: ReceivedMessage, weight: Double = 1) {
        let kind = Int(kind)
        counts[kind, LearnedCounts.Kind.answers + TimeBins.bin(of: span)] += weight
        counts[kind, LearnedCounts.Kind.answered] += weight
        counts[kind, LearnedCounts.Kind.shares + Int(type.rawValue)] += weight
        changes[kind] += 1
        if changes[kind] & 511 == 0 || changes[kind] < 512 && changes[kind] & 7 == 0 { rebuild(kind) }
        if counts[kind, LearnedCounts.Kind.answered] > Self.halvedAt { halve(kind) }
    }

    /// How well a service time fits those of all kinds together: the logarithm of a density per second, smoothed over
    /// two octaves, since kinds differ. Its floor is flat in the logarithm of time: that an
    /// acknowledgement follows a report within a millisecond by chance, while it answers another one, is as unlikely as
    /// a millisecond is short. O(kinds · bins).
    func logDensityOfAllKinds(of span: Nanoseconds) -> Double {
        let bin = TimeBins.bin(of: span)
        let reach = 8
        var (near, all) = (0.0, 1.0)
        for kind in 0..<Matcher.maxKinds {
            all += counts[kind, LearnedCounts.Kind.answered]
            for neighbour in max(bin - reach, 0)...min(bin + reach, TimeBins.count - 1) {
                let weight = Double(reach - abs(neighbour - bin)) / Double(reach * reach)
                near += counts[kind, LearnedCounts.Kind.answers + neighbour] * weight
            }
        }
        let shortest = Nanoseconds.microseconds(10)
        let logReach = (kinds[0].longest.seconds / shortest.seconds).naturalLogarithm
        let floor = 1 / (max(span, shortest).seconds * logReach)
        return ((near / TimeBins.width(of: bin) + floor) / all).naturalLogarithm
    }

    mutating func dropped(_ kind: UInt8) {
        counts[Int(kind), LearnedCounts.Kind.dropped] += 1
    }

    /// A report has no answer yet, and the next one is sent.
    /// - Returns: The bin to be taken back once the report's end is known.
    mutating func censored(_ kind: UInt8, after span: Nanoseconds) -> Int8 {
        let bin = TimeBins.bin(of: span)
        let kind = Int(kind)
        counts[kind, LearnedCounts.Kind.censored + bin] += 1
        counts[kind, LearnedCounts.Kind.allCensored] += 1
        let all = Int(counts[kind, LearnedCounts.Kind.allCensored])
        if all & 255 == 0 || all < 256 && all & 15 == 0 { rebuild(kind) }
        return Int8(truncatingIfNeeded: bin)
    }

    mutating func takeBack(_ kind: UInt8, censoredBin: Int8) {
        guard censoredBin >= 0 else { return }
        counts[Int(kind), LearnedCounts.Kind.censored + Int(censoredBin)] -= 1
        counts[Int(kind), LearnedCounts.Kind.allCensored] -= 1
    }

    // MARK: - Surplus messages and the guard

    mutating func surplus(_ type: ReceivedMessage) {
        counts[whole: LearnedCounts.Whole.surplus + Int(type.rawValue)] += 1
    }

    @inline(__always)
    mutating func quiet(for span: Nanoseconds) {
        counts[whole: LearnedCounts.Whole.quietSeconds] += span.seconds
    }

    /// Messages a second that answer nothing.
    func surplusRate(_ type: ReceivedMessage) -> Double { logSurplus[Int(type.rawValue)].exponential }

    /// Whether a report that was sent while nothing was in doubt was overtaken.
    @inline(__always)
    mutating func seen(overtaken isOvertaken: Bool) {
        let weight = 1 / Double(min(overtakenSamples + 1, Self.overtakenWindow))
        if overtakenSamples < Self.overtakenWindow { overtakenSamples += 1 }
        overtaken += weight * ((isOvertaken ? 1 : 0) - overtaken)
        if isOvertaken { hasOverlap = true }
    }

    @inline(__always)
    mutating func seen(misfit isMisfit: Bool) {
        misfits += ((isMisfit ? 1 : 0) - misfits) / 1_000
    }

    /// Answers are so slow that nothing tells a slower server from one that loses answers.
    var isInDoubt: Bool { overtaken > 0.3 || (overtaken > 0.03 && misfits > 0.005) }

    // MARK: - Pongs

    /// So many exchanges without a contrary case prove that a server answers a report before it reads the next frame.
    static let provingExchanges = 3_000.0

    var arePongsOrdered: Bool {
        counts[whole: LearnedCounts.Whole.pongsFirst] == 0
            && counts[whole: LearnedCounts.Whole.pongsInOrder] >= Self.provingExchanges
    }

    /// Whether it is still worth sending Pings to learn the order of Pongs.
    var learnsPongs: Bool {
        counts[whole: LearnedCounts.Whole.pongsFirst] == 0
            && counts[whole: LearnedCounts.Whole.pongsInOrder] < Self.provingExchanges
    }

    mutating func pongs(inOrder isInOrder: Bool) {
        counts[whole: isInOrder ? LearnedCounts.Whole.pongsInOrder : LearnedCounts.Whole.pongsFirst] += 1
    }

    // MARK: - Exchange among shards

    /// What this shard has counted since the last call.
    mutating func takeGrowth() -> LearnedCounts {
        let growth = counts - exchanged
        exchanged = counts
        return growth
    }

    mutating func add(_ others: LearnedCounts) {
        counts += others
        exchanged += others
        for kind in 0..<Matcher.maxKinds where others.knows(kind) { kinds[kind].rebuild(counts, kind: kind) }
        rebuildRates()
    }

    /// Starts from counts that were learned before.
    mutating func replace(_ counts: LearnedCounts) {
        self.counts = counts
        exchanged = counts
        overtakenSamples = Self.overtakenWindow
        for kind in 0..<Matcher.maxKinds { rebuild(kind) }
    }

    // MARK: - Tables

    /// `overtaken` is a mean over about so many reports.
    private static let overtakenWindow = 400
    private static let halvedAt = 200_000.0

    private mutating func halve(_ kind: Int) {
        counts.halve(kind)
        exchanged.halve(kind)
    }

    private mutating func rebuild(_ kind: Int) {
        kinds[kind].rebuild(counts, kind: kind)
        rebuildRates()
    }

    private mutating func rebuildRates() {
        let seconds = counts[whole: LearnedCounts.Whole.quietSeconds] + 5_000
        for type in ReceivedMessage.allCases {
            let seen = counts[whole: LearnedCounts.Whole.surplus + Int(type.rawValue)]
            logSurplus[Int(type.rawValue)] = ((seen + 0.5) / seconds).naturalLogarithm
        }
    }
}
