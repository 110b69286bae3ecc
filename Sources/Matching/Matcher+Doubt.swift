public import Basis

/// What is off: more than one report waits, a message comes at an unusual time, an offer comes while a report waits.
extension Matcher {
    // MARK: - Windows

    /// Takes the connection's window out of the pool; a connection without one gets one.
    mutating func takeWindow(of state: inout MatchState) -> MatchWindow {
        if state.hasWindow { return pool.take(state.window) }
        state.window = pool.open()
        var window = pool.take(state.window)
        window.lastEvent = state.time
        if state.flags.contains(.isWaiting) {
            window.reports.append(WaitingReport(report: state.waitingReport, number: state.number))
            state.flags.remove(.isWaiting)
        }
        return window
    }

    /// Puts the window back; closes it where the connection's state says all without it.
    mutating func putBack(_ window: inout MatchWindow, of state: inout MatchState) {
        guard window.messages.isEmpty, window.passedOver.isEmpty, let waiting = onlyReport(window, newest: state.number)
        else {
            state.waiting = UInt16(clamping: window.openReports)
            return pool.put(window, at: state.window)
        }
        state.stopWaiting(at: window.lastEvent)
        state.flags.remove([.isOverdue, .isPinged, .isPongFirst])
        if let report = waiting.report { state.wait(for: report, delay: waiting.delay) }
        window.removeAll()
        pool.put(window, at: state.window)
        pool.close(state.window)
        state.window = MatchState.noWindow
    }

    /// The only report that waits, or none; `nil`: there is more than the connection's state has room for.
    private func onlyReport(
        _ window: borrowing MatchWindow, newest: UInt16
    ) -> (report: SentReport?, delay: UInt32)? {
        guard let waiting = window.reports.first else { return (nil, 0) }
        guard window.reports.count == 1, waiting.number == newest, waiting.censoredBin < 0, window.pingNumber == nil,
            (window.lastAnswer ?? .zero) <= waiting.report.sentAt,
            let delay = UInt32(exactly: (waiting.report.sentAt - waiting.report.dueAt).count)
        else { return nil }
        return (waiting.report, delay)
    }

    // MARK: - Reports

    @inline(never)
    mutating func sentInDoubt(
        _ report: SentReport, on state: inout MatchState, _ context: MatchContext, _ outcomes: inout [MatchOutcome]
    ) -> PingPlacement {
        let now = report.sentAt
        var window = takeWindow(of: &state)
        expire(&window, &state, at: now, context, &outcomes)
        if !window.messages.isEmpty {
            // An offer that was pushed is still needed, to tell the two answers that follow apart.
            let keepsOffer = window.reports.count == 1 && isReaction(report, in: window)
            decide(&window, &state, at: now, context, &outcomes, keepsSurplus: keepsOffer)
            if isFirstReading(of: window) { force(&window, &state, at: now, context, &outcomes) }
        }
        let ping = placePing(&window, state, context)
        if window.reports.count == Self.maxReports { makeRoom(&window, &state, at: now, context, &outcomes) }
        if window.reports.isEmpty {
            sentAlone(report, since: window.lastEvent, on: &state)
        } else {
            overtake(&window, &state, at: now)
        }
        window.reports.append(WaitingReport(report: report, number: state.number))
        window.lastEvent = now
        putBack(&window, of: &state)
        return ping
    }

    private func placePing(
        _ window: inout MatchWindow, _ state: MatchState, _ context: MatchContext
    ) -> PingPlacement {
        if context.pings == .always {
            window.pingNumber = state.number &+ 1
            return .after(state.number &+ 1)
        }
        guard usesPongs(context), !window.reports.isEmpty else { return .none }
        window.pingNumber = state.number
        return .before(state.number)
    }

    /// A report is sent while others wait.
    private mutating func overtake(_ window: inout MatchWindow, _ state: inout MatchState, at now: Instant) {
        state.number &+= 1
        learned.seen(misfit: false)
        let isOnly = window.reports.count == 1 && window.messages.isEmpty
        if isOnly, state.flags.contains(.isLone) { learned.seen(overtaken: true) }
        state.flags.remove([.isLone, .isPinged, .isPongFirst])
        state.flags.insert(.isTainted)
        if state.count < .max { state.count += 1 }
        if isOnly, window.reports[0].censoredBin < 0 {
            let waiting = window.reports[0].report
            window.reports[0].censoredBin = learned.censored(waiting.kind, after: now - waiting.sentAt)
        }
    }

    /// The oldest of too many reports is given up.
    private mutating func makeRoom(
        _ window: inout MatchWindow, _ state: inout MatchState, at now: Instant, _ context: MatchContext,
        _ outcomes: inout [MatchOutcome]
    ) {
        force(&window, &state, at: now, context, &outcomes)
        guard window.reports.count == Self.maxReports else { return }
        let range = ServiceTimeRange(low: now - window.reports[0].report.sentAt, high: longest)
        outcomes.append(.unanswered(window.reports[0].report, isProven: false, range: range))
        dropOldest(&window)
    }

    mutating func dropOldest(_ window: inout MatchWindow) {
        learned.takeBack(window.reports[0].report.kind, censoredBin: window.reports[0].censoredBin)
        window.reports.removeFirst()
    }

    // MARK: - Messages

    @inline(never)
    mutating func receivedInDoubt(
        _ message: ReceivedMessage, at now: Instant, on state: inout MatchState, _ context: MatchContext,
        _ outcomes: inout [MatchOutcome]
    ) {
        if !state.hasWindow, !state.flags.contains(.isWaiting) {
            if message.isAlwaysAnswer, state.count > 0 { state.count -= 1 }
            surplusAlone(message, since: state.time, at: now, &outcomes)
            state.time = now
            return
        }
        let isPinged = state.flags.contains(.isPinged) && context.pings == .always
        var window = takeWindow(of: &state)
        if isPinged { window.pingNumber = state.number }
        expire(&window, &state, at: now, context, &outcomes)
        if message.isAlwaysAnswer, state.count > 0 { state.count -= 1 }
        place(message, at: now, in: &window, &state, context, &outcomes)
        window.lastEvent = now
        putBack(&window, of: &state)
    }

    private mutating func surplusAlone(
        _ message: ReceivedMessage, since lastEvent: Instant, at now: Instant, _ outcomes: inout [MatchOutcome]
    ) {
        outcomes.append(.surplus(message))
        learned.surplus(message)
        if lastEvent > .zero { learned.quiet(for: now - lastEvent) }
    }

    private mutating func place(
        _ message: ReceivedMessage, at now: Instant, in window: inout MatchWindow, _ state: inout MatchState,
        _ context: MatchContext, _ outcomes: inout [MatchOutcome]
    ) {
        guard let oldest = window.reports.first?.report else {
            if answersPassedOver(message, at: now, &window, state, context, &outcomes) {
                learned.seen(misfit: true)
            } else {
                surplusAlone(message, since: window.lastEvent, at: now, &outcomes)
            }
            return
        }
        let pongDecides = window.pingNumber != nil && usesPongs(context)
        if window.reports.count == 1, window.messages.isEmpty, message.isAlwaysAnswer || oldest.expectsContent,
            context.pings != .always || !pongDecides,
            isCertain(message, kind: oldest.kind, after: now - oldest.sentAt, context)
        {
            answeredAlone(oldest, message, at: now, on: &state, context, &outcomes)
            learned.takeBack(oldest.kind, censoredBin: window.reports[0].censoredBin)
            window.reports.removeAll(keepingCapacity: true)
            window.pingNumber = nil
            window.lastAnswer = now
            return
        }
        window.messages.append(WaitingMessage(at: now, type: message))
        if pongDecides, window.messages.count < Self.maxMessages { return }
        if decideOfferInBetween(&window, state, &outcomes) { return }
        // An offer that was pushed is still needed where a report about it follows.
        let keepsOffer = window.reports.count == 1 && window.messages.count == 1 && !message.isAlwaysAnswer
        decide(&window, &state, at: now, context, &outcomes, keepsSurplus: keepsOffer)
        if window.messages.count >= maxMessages(in: window) { force(&window, &state, at: now, context, &outcomes) }
    }

    private func maxMessages(in window: borrowing MatchWindow) -> Int {
        window.reports.count > Self.manyReports ? Self.maxMessagesWithManyReports : Self.maxMessages
    }

    /// While next to nothing is learned, waiting does not help: the reading with the fewest drops and surplus messages
    /// is right as long as there are none, and gives something to learn from. When to decide then depends on the
    /// reports, not on the messages: connections with surplus messages must not be the first.
    private func isFirstReading(of window: borrowing MatchWindow) -> Bool {
        guard window.reports.count.isMultiple(of: Self.firstReports), let oldest = window.reports.first else {
            return false
        }
        return learned[oldest.report.kind].answers < Self.fewAnswers
            && window.messages.count * 3 >= window.reports.count
    }

    // MARK: - Pongs

    /// A Pong was received. It proves reports unanswered where Pongs are ordered.
    /// - Parameter number: the number of `PingPlacement` that its Ping had.
    public mutating func receivedPong(
        _ number: UInt16, at now: Instant, on state: inout MatchState, _ context: MatchContext,
        _ outcomes: inout [MatchOutcome]
    ) {
        if !state.hasWindow {
            guard state.flags.contains(.isPinged), state.flags.contains(.isWaiting), number == state.number else {
                return
            }
            state.flags.remove(.isPinged)
            guard context.pings == .always, usesPongs(context) else {
                state.flags.insert(.isPongFirst)
                return
            }
        }
        var window = takeWindow(of: &state)
        expire(&window, &state, at: now, context, &outcomes)
        if usesPongs(context), state.flags.contains(.isPinged) || isAwaited(number, window) {
            pass(number, &window, &state, at: now, context, &outcomes)
        }
        putBack(&window, of: &state)
    }

    private func isAwaited(_ number: UInt16, _ window: borrowing MatchWindow) -> Bool {
        guard let awaited = window.pingNumber else { return false }
        return Int16(bitPattern: awaited &- number) >= 0
    }

    /// The server has processed everything up to report `number`.
    private mutating func pass(
        _ number: UInt16, _ window: inout MatchWindow, _ state: inout MatchState, at now: Instant,
        _ context: MatchContext, _ outcomes: inout [MatchOutcome]
    ) {
        if window.pingNumber == number { window.pingNumber = nil }
        var passed = 0
        while passed < window.reports.count, Int16(bitPattern: number &- window.reports[passed].number) >= 0 {
            passed += 1
        }
        if !window.messages.isEmpty {
            let before = window.reports.count
            alignment.readForward(window, limit: passed, isProven: true, at: now, context, learned)
            commit(
                &window, &state, head: alignment.decision().head, isForced: true, at: now, context, &outcomes)
            passed -= before - window.reports.count
        }
        for _ in 0..<passed {
            learned.dropped(window.reports[0].report.kind)
            outcomes.append(.unanswered(window.reports[0].report, isProven: true, range: nil))
            dropOldest(&window)
        }
    }
}
