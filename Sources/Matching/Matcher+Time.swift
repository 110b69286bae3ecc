public import Basis

/// Time that passes, and the end of a connection.
extension Matcher {
    /// When `advance` is to be called next for this connection; `.distantFuture`: never.
    public func deadline(of state: MatchState, _ context: MatchContext) -> Instant {
        guard state.hasWindow else {
            guard state.flags.contains(.isWaiting) else { return .distantFuture }
            if state.flags.contains(.isOverdue) { return context.isExact ? .distantFuture : state.time + longest }
            return state.time + min(context.timeout, longest)
        }
        return deadline(in: pool[state.window], context)
    }

    private func deadline(in window: borrowing MatchWindow, _ context: MatchContext) -> Instant {
        var deadline = Instant.distantFuture
        if !context.isExact, let oldest = window.passedOver.first?.report ?? window.reports.first?.report {
            deadline = oldest.sentAt + longest
        }
        for number in window.passedOver.indices where !window.passedOver[number].report.wasOverdue {
            deadline = min(deadline, window.passedOver[number].report.sentAt + context.timeout)
            break
        }
        guard window.messages.isEmpty else { return deadline }
        for number in window.reports.indices where !window.reports[number].report.wasOverdue {
            return min(deadline, window.reports[number].report.sentAt + context.timeout)
        }
        return deadline
    }

    /// Time has passed: reports become overdue or too old, and readings more probable.
    public mutating func advance(
        at now: Instant, on state: inout MatchState, _ context: MatchContext, _ outcomes: inout [MatchOutcome]
    ) {
        guard state.hasWindow else {
            guard state.flags.contains(.isWaiting), now - state.time >= min(context.timeout, longest) else { return }
            let report = state.waitingReport
            if now - state.time >= longest, !context.isExact {
                learned.dropped(report.kind)
                outcomes.append(.unanswered(report, isProven: true, range: nil))
                state.stopWaiting(at: now)
                state.flags.remove([.isPinged, .isPongFirst])
            } else if !report.wasOverdue {
                outcomes.append(.overdue(report))
                state.flags.insert(.isOverdue)
                state.waiting = 0
            }
            return
        }
        var window = takeWindow(of: &state)
        if !context.isExact { expire(&window, &state, at: now, context, &outcomes) }
        if !window.messages.isEmpty { decide(&window, &state, at: now, context, &outcomes) }
        markOverdue(&window, at: now, context, &outcomes)
        putBack(&window, of: &state)
    }

    private func markOverdue(
        _ window: inout MatchWindow, at now: Instant, _ context: MatchContext, _ outcomes: inout [MatchOutcome]
    ) {
        for number in window.passedOver.indices {
            let report = window.passedOver[number].report
            if report.wasOverdue || now - report.sentAt < context.timeout { continue }
            outcomes.append(.overdue(report))
            window.passedOver[number].report.wasOverdue = true
        }
        guard window.messages.isEmpty else { return }
        for number in window.reports.indices {
            let report = window.reports[number].report
            guard now - report.sentAt >= context.timeout else { return }
            if report.wasOverdue { continue }
            outcomes.append(.overdue(report))
            window.reports[number].report.wasOverdue = true
        }
    }

    /// The connection has ended, or nothing more is waited for: what can be decided is, the rest is cut. The state is
    /// that of a new connection afterwards.
    public mutating func ended(
        at now: Instant, on state: inout MatchState, _ context: MatchContext, _ outcomes: inout [MatchOutcome]
    ) {
        if state.hasWindow {
            var window = takeWindow(of: &state)
            if !context.isExact { expire(&window, &state, at: now, context, &outcomes) }
            force(&window, &state, at: now, context, &outcomes)
            for passed in window.passedOver {
                outcomes.append(.unanswered(passed.report, isProven: false, range: passed.range))
            }
            while let waiting = window.reports.first {
                outcomes.append(.cut(waiting.report))
                dropOldest(&window)
            }
            window.removeAll()
            pool.put(window, at: state.window)
            pool.close(state.window)
        } else if state.flags.contains(.isWaiting) {
            outcomes.append(.cut(state.waitingReport))
        }
        state = MatchState()
    }

    /// Nothing has passed between the two sides for a while, and it does again: the reports that wait count as sent
    /// now, in their order, because the server can answer none of them before.
    public mutating func resumed(
        at now: Instant, on state: inout MatchState, _ context: MatchContext, _ outcomes: inout [MatchOutcome]
    ) {
        guard state.hasWindow || state.flags.contains(.isWaiting) else { return }
        var window = takeWindow(of: &state)
        // What was received before belongs to reports of before.
        force(&window, &state, at: now, context, &outcomes)
        for number in window.reports.indices {
            let waiting = window.reports[number]
            learned.takeBack(waiting.report.kind, censoredBin: waiting.censoredBin)
            let report = SentReport(
                kind: waiting.report.kind, dueAt: waiting.report.dueAt, sentAt: now,
                expectsContent: waiting.report.expectsContent)
            window.reports[number] = WaitingReport(report: report, number: waiting.number)
        }
        // No Ping can have gone between reports that had left already.
        window.pingNumber = nil
        window.lastEvent = now
        state.flags.remove([.isLone, .isPinged, .isPongFirst])
        putBack(&window, of: &state)
    }

    /// When the oldest report that waits was sent; `nil`: none waits.
    public func oldestSending(on state: MatchState) -> Instant? {
        guard state.hasWindow else { return state.flags.contains(.isWaiting) ? state.time : nil }
        return oldestSending(in: pool[state.window])
    }

    private func oldestSending(in window: borrowing MatchWindow) -> Instant? { window.reports.first?.report.sentAt }

    /// Whether a report may still get an answer although a message is there for each: an offer may have been pushed.
    public func mayStillWait(_ state: MatchState) -> Bool {
        state.hasWindow && hasOpenOffer(pool[state.window])
    }

    private func hasOpenOffer(_ window: borrowing MatchWindow) -> Bool {
        guard !window.reports.isEmpty else { return false }
        for number in window.messages.indices where !window.messages[number].type.isAlwaysAnswer { return true }
        return false
    }

    /// Ends the wait for reports that are older than any answer.
    mutating func expire(
        _ window: inout MatchWindow, _ state: inout MatchState, at now: Instant, _ context: MatchContext,
        _ outcomes: inout [MatchOutcome]
    ) {
        while let oldest = window.reports.first, now - oldest.report.sentAt >= longest {
            guard window.messages.isEmpty else {
                force(&window, &state, at: now, context, &outcomes)
                continue
            }
            learned.dropped(oldest.report.kind)
            outcomes.append(.unanswered(oldest.report, isProven: true, range: nil))
            dropOldest(&window)
        }
        forgetPassedOver(&window, at: now, &outcomes)
    }

    /// Ends the wait for late answers to reports that are older than any answer.
    func forgetPassedOver(_ window: inout MatchWindow, at now: Instant, _ outcomes: inout [MatchOutcome]) {
        while let oldest = window.passedOver.first, now - oldest.report.sentAt >= longest {
            outcomes.append(.unanswered(oldest.report, isProven: false, range: oldest.range))
            window.passedOver.removeFirst()
        }
    }
}
