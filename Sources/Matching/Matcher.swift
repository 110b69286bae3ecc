public import Basis

/// Finds out which report each message from the server answers, for all connections of one shard.
///
/// A ServerToAgent carries no reference to what it answers. While one report waits and a message comes at a usual time,
/// the answer is certain: that path allocates nothing. Otherwise reports and messages collect in a window, until the
/// best reading of them is a factor of 1,000 more probable than the next, by the service times, the rate of drops and
/// the rate of surplus messages that the shard has learned. Without I/O: inputs are events and times, the results are
/// appended to a list that the caller owns.
///
/// Memory: what was learned about 60 KB, and a window for each connection that has something in doubt, of 26 bytes a
/// report and 16 bytes a message, at most `maxReports` and `maxMessages` of them.
public struct Matcher: Sendable {
    /// So many kinds of reports have service times of their own.
    public static let maxKinds = 16
    /// So many reports of one connection may wait; beyond, the oldest is returned as unanswered.
    public static let maxReports = 4_096
    /// So many messages may wait for a decision, and so many while more than `manyReports` wait.
    static let maxMessages = 32
    static let manyReports = 24
    static let maxMessagesWithManyReports = 8
    /// Until so many answers are learned, so many reports are read together.
    static let fewAnswers = 60.0
    static let firstReports = 6

    /// No answer takes longer. Beyond it a report is returned as unanswered.
    public private(set) var longest: Nanoseconds

    var learned: Learned
    var pool = WindowPool()
    var alignment = Alignment()

    /// A matcher that has learned nothing.
    /// - Parameter longest: no answer takes longer; at least the timeout of every connection.
    public init(longest: Nanoseconds = .seconds(10)) {
        self.longest = longest
        learned = Learned(longest: longest)
    }

    /// A matcher that starts from what was counted before.
    public init(longest: Nanoseconds = .seconds(10), _ counts: LearnedCounts) {
        self.init(longest: longest)
        learned.replace(counts)
    }

    /// Waits for answers at least so long from now on.
    @inline(__always)
    public mutating func wait(atLeast span: Nanoseconds) {
        if span > longest { raise(longest: span) }
    }

    @inline(never)
    private mutating func raise(longest span: Nanoseconds) {
        longest = span
        learned.raise(longest: span)
    }

    /// The connections that have something in doubt.
    public var windowCount: Int { pool.count }

    /// Whether Pongs of the servers have proved ordered: a server that answers a report before it reads the next frame.
    public var arePongsOrdered: Bool { learned.arePongsOrdered }

    // MARK: - Exchange among shards

    /// What this shard has counted since the last call, for `LearnedCountsExchange`.
    public mutating func takeGrowth() -> LearnedCounts { learned.takeGrowth() }

    /// Adds what other shards have counted.
    public mutating func add(_ others: LearnedCounts) { learned.add(others) }

    // MARK: - Reports

    /// A report is sent.
    /// - Returns: Whether a Ping is to be sent with it, in the same write.
    @inline(__always)
    public mutating func sent(
        _ report: SentReport, on state: inout MatchState, _ context: MatchContext, _ outcomes: inout [MatchOutcome]
    ) -> PingPlacement {
        if context.isExact || context.isNumbered { return sentExactly(report, on: &state, &outcomes) }
        guard !state.hasWindow, !state.flags.contains(.isWaiting),
            let delay = UInt32(exactly: (report.sentAt - report.dueAt).count)
        else { return sentInDoubt(report, on: &state, context, &outcomes) }
        sentAlone(report, since: state.time, on: &state)
        state.wait(for: report, delay: delay)
        return pingAfter(on: &state, context)
    }

    /// Counts a report that is sent while none waits.
    @inline(__always)
    mutating func sentAlone(_ report: SentReport, since lastEvent: Instant, on state: inout MatchState) {
        state.number &+= 1
        state.flags.remove([.isPinged, .isPongFirst])
        learned.seen(misfit: false)
        if lastEvent > .zero {
            let quiet = report.sentAt - lastEvent
            learned.quiet(for: quiet)
            if quiet > longest { state.count = 0 }
        }
        if state.count == 0 { state.flags.remove(.isTainted) }
        if state.flags.contains(.isTainted) {
            state.flags.remove(.isLone)
        } else {
            state.flags.insert(.isLone)
        }
        if state.count < .max { state.count += 1 }
    }

    /// A Ping after a report that waits alone: to learn the order of Pongs, or because the policy wants it.
    @inline(__always)
    private func pingAfter(on state: inout MatchState, _ context: MatchContext) -> PingPlacement {
        guard context.pings == .always || learned.hasOverlap && wantsPing(state, context) else { return .none }
        state.flags.insert(.isPinged)
        return .after(state.number)
    }

    /// After the order is known, one exchange in 256 goes on to test it.
    private func wantsPing(_ state: MatchState, _ context: MatchContext) -> Bool {
        guard context.pings == .inDoubt, state.flags.contains(.isLone) else { return false }
        return learned.learnsPongs || (learned.arePongsOrdered && state.number & 255 == 0)
    }

    /// Whether a Pong may decide.
    @inline(__always)
    func usesPongs(_ context: MatchContext) -> Bool { context.pings != .never && learned.arePongsOrdered }

    // MARK: - Messages

    /// A message was received.
    @inline(__always)
    public mutating func received(
        _ message: ReceivedMessage, at now: Instant, on state: inout MatchState, _ context: MatchContext,
        _ outcomes: inout [MatchOutcome]
    ) {
        if context.isNumbered, message != .error { return outcomes.append(.surplus(message)) }
        if context.isExact || context.isNumbered { return receivedExactly(message, at: now, on: &state, &outcomes) }
        guard !state.hasWindow, state.flags.contains(.isWaiting),
            message.isAlwaysAnswer || state.flags.contains(.expectsContent),
            isCertain(message, kind: state.kind, after: now - state.time, context),
            context.pings != .always || !learned.arePongsOrdered
        else { return receivedInDoubt(message, at: now, on: &state, context, &outcomes) }
        // An offer may also be a push, but this one is an answer.
        if state.count > 0 { state.count -= 1 }
        let report = state.waitingReport
        answeredAlone(report, message, at: now, on: &state, context, &outcomes)
        state.stopWaiting(at: now)
    }

    /// Whether a message that comes `span` after the only report that waits can be nothing but its answer.
    @inline(__always)
    func isCertain(_ message: ReceivedMessage, kind: UInt8, after span: Nanoseconds, _ context: MatchContext) -> Bool {
        let type = Int(message.rawValue)
        guard span < longest, span >= context.minService else { return false }
        return learned[kind].samples < 30
            || learned[kind].logAnswered(after: span, type) - learned[kind].logUnanswered(after: span)
                - learned.logSurplus[type] > ServiceTimes.logFactor
    }

    /// The only report that waits is answered.
    @inline(__always)
    mutating func answeredAlone(
        _ report: SentReport, _ message: ReceivedMessage, at now: Instant, on state: inout MatchState,
        _ context: MatchContext, _ outcomes: inout [MatchOutcome]
    ) {
        if state.flags.contains(.isLone) {
            learned.seen(overtaken: false)
            state.flags.remove(.isLone)
        }
        if state.flags.contains(.isPinged) || state.flags.contains(.isPongFirst) {
            learned.pongs(inOrder: !state.flags.contains(.isPongFirst))
            state.flags.remove([.isPinged, .isPongFirst])
        }
        learned.answered(report.kind, now - report.sentAt, message)
        var range: ServiceTimeRange?
        if isInDoubt(state, context) {
            range = rangeInDoubt(report, answeredAt: now, newest: report.sentAt, state, context)
        }
        outcomes.append(.answered(report, at: now, message, range: range, mayBeUnanswered: false))
        if state.count == 0 { state.flags.remove(.isTainted) }
    }

    // MARK: - The guard

    /// Whether nothing that was received since the last certain moment tells a slower server from one that loses
    /// answers.
    @inline(__always)
    func isInDoubt(_ state: MatchState, _ context: MatchContext) -> Bool {
        state.flags.contains(.isTainted) && learned.isInDoubt && !usesPongs(context)
    }

    /// In doubt an answer may belong to any report from the newest back to the one that it would have if none had been
    /// lost.
    func rangeInDoubt(
        _ report: SentReport, answeredAt now: Instant, newest: Instant, _ state: MatchState, _ context: MatchContext
    ) -> ServiceTimeRange {
        let span = now - report.sentAt
        let low = max(now - newest, .zero)
        var high = longest
        if let interval = context.interval { high = min(high, low + interval * Int64(state.count)) }
        return ServiceTimeRange(low: min(low, span), high: max(high, span))
    }
}
