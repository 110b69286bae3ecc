public import Basis
import Matching
import OpAMP

/// Opening, losing and closing connections.
extension Agent {
    /// The agent's process starts and connects.
    public mutating func start(at now: Instant, _ effects: inout Effects) {
        guard step(.started, because: .started, at: now, &effects) else { return }
        processStarted = now
        beginHealth(at: now)
        if !cohort.plan.capabilityChanges.isEmpty {
            let schedule = CapabilitySchedule(cohort.plan.capabilityChanges, startedAt: now)
            withExtendedState { $0.capabilityChanges = schedule }
        }
        openTransport(&effects)
        setTimer(&effects)
    }

    /// The host begins the attempt to connect only now: the socket of the former connection was still closing.
    public mutating func attemptBegins(at now: Instant) { life.attemptBegins(at: now) }

    /// The transport is up and upgraded. The first report is sent now (Establishing Connection).
    public mutating func connected(at now: Instant, _ effects: inout Effects) {
        guard step(.transportOpened, because: .transportOpened, at: now, &effects) else { return }
        backoff.opened(cohort.plan.reconnect)
        serverCapabilities = []
        flags.remove(.numbered)
        effects.matcher.wait(atLeast: cohort.plan.answerTimeout * 2)
        if faults.has(.readsSlowly) {
            effects.fault(.readsSlowly)
            effects.append(.readSlowly(bytesPerSecond: cohort.plan.faults.slowReadingRate))
        }
        if !faults.isEmpty { countBorrowedIdentity(&effects) }
        suspendOutage(at: now)
        sendFirstReport(at: now, &effects)
        schedule.begin(at: now, by: heartbeatRules, &random)
        setTimer(&effects)
    }

    private mutating func sendFirstReport(at now: Instant, _ effects: inout Effects) {
        guard flags.contains(.introduced) else {
            flags.insert(.introduced)
            return sendReport(.first, .full, dueAt: now, at: now, &effects)
        }
        switch cohort.plan.reconnectReport {
        case .full: sendReport(.reconnect, .full, dueAt: now, at: now, &effects)
        case .changes, .unconfirmedChanges: sendReport(.reconnect, changes.unreported, dueAt: now, at: now, &effects)
        }
    }

    /// The server answered the upgrade with something else than 101. The transport is closed.
    /// - Parameter retryAfter: what a Retry-After header asked for.
    public mutating func upgradeRefused(
        status: Int, retryAfter: Nanoseconds?, at now: Instant, _ effects: inout Effects
    ) {
        let isThrottled = status == 503 || status == 429
        if isThrottled, faults.has(.ignoresThrottling) { effects.fault(.ignoresThrottling) }
        switch status {
        case 503, 429: effects.count(.upgradeThrottled)
        case 401, 403: effects.count(.upgradeUnauthorized)
        case 300..<400: effects.count(.upgradeRedirected)
        default: effects.count(.upgradeRefused)
        }
        let asked = isThrottled && honoursThrottling ? retryAfter : nil
        attemptFailed(
            because: .upgradeRefused(status: UInt16(clamping: status)), asked: asked, at: now, &effects)
    }

    /// The transport could not be opened.
    /// - Parameter reason: in words, for the status of offered settings.
    public mutating func connectionFailed(
        _ cause: ConnectFailure, reason: String? = nil, at now: Instant, _ effects: inout Effects
    ) {
        switch cause {
        case .timedOut: effects.count(.connectTimedOut)
        case .noLocalResource: effects.count(.noLocalResource)
        case .refused, .unreachable, .nameNotFound, .tls, .badUpgrade, .closedDuringUpgrade, .other,
            .unusableSettings:
            effects.count(.connectFailed)
        }
        attemptFailed(because: .connectFailed(cause), reason: reason, asked: nil, at: now, &effects)
    }

    mutating func giveUpConnecting(at now: Instant, _ effects: inout Effects) {
        effects.append(.abort)
        connectionFailed(.timedOut, at: now, &effects)
    }

    private mutating func attemptFailed(
        because cause: TransitionCause, reason: String? = nil, asked: Nanoseconds?, at now: Instant,
        _ effects: inout Effects
    ) {
        guard case .connecting(let begun) = life.phase else { return effects.count(.eventOutOfState) }
        if extended?.value.outage == nil { beginOutage(next: begun + schedule.span(by: heartbeatRules)) }
        var wait = Nanoseconds.zero
        let words = reason ?? "the connection with the new settings could not be opened"
        if !revertSettings(words, at: now, &effects) {
            wait = backoff.failed(reconnectPolicy(&effects), asked: asked, &random)
        }
        guard step(.connectionFailed(retryAt: now + wait), because: cause, at: now, &effects) else { return }
        connectAgainIfDue(at: now, &effects)
        setTimer(&effects)
    }

    /// An open connection ended, not closed by the agent. The agent reconnects by its policy (Restoring WebSocket
    /// Connection).
    public mutating func connectionLost(_ cause: LossCause, at now: Instant, _ effects: inout Effects) {
        if case .closing = life.phase { return closeCompleted(at: now, &effects) }
        guard life.phase.session != nil else { return effects.count(.eventOutOfState) }
        if case .closedByServer = cause { effects.count(.closedByServer) } else { effects.count(.connectionLost) }
        lose(because: .lost(cause), at: now, &effects)
    }

    /// The fleet loses its connections at one moment: the transport is dropped, and the policy decides when to
    /// reconnect. Without an open connection nothing happens.
    public mutating func loseConnection(at now: Instant, _ effects: inout Effects) {
        guard life.phase.session != nil else { return }
        effects.append(.abort)
        effects.count(.connectionLost)
        lose(because: .stormed, at: now, &effects)
    }

    mutating func lose(because cause: TransitionCause, at now: Instant, _ effects: inout Effects) {
        _ = revertSettings(
            "the connection with the new settings was lost before the server answered", at: now, &effects)
        let wait = backoff.lost(
            reconnectPolicy(&effects), after: life.phase.session.map { now - $0.begun } ?? .zero,
            isServersFault: cause == .lost(.protocolError), &random)
        beginOutage()
        guard step(.connectionLost(retryAt: now + wait), because: cause, at: now, &effects) else { return }
        leaveConnection(reports: cause.endsByItself ? .connectionLost : .cut, at: now, &effects)
        guard !flags.contains(.leaving) else { return stop(because: .drained, at: now, &effects) }
        connectAgainIfDue(at: now, &effects)
        setTimer(&effects)
    }

    /// Forgets what belonged to the connection that has ended.
    /// - Parameter reports: why the reports that wait for an answer are no longer waited for.
    mutating func leaveConnection(
        reports cause: UnansweredReport.Cause, at now: Instant, _ effects: inout Effects
    ) {
        endReports(because: cause, at: now, &effects)
        changes.connectionEnded(resends: cohort.plan.reconnectReport == .unconfirmedChanges)
        endBatch()
        schedule.end()
    }

    /// A wait of no length ends at once, without the host's timer.
    mutating func connectAgainIfDue(at now: Instant, _ effects: inout Effects) {
        if case .backingOff(let until) = life.phase, now >= until { connectAgain(at: now, &effects) }
    }

    mutating func connectAgain(at now: Instant, _ effects: inout Effects) {
        guard step(.waitEnded, because: .waitEnded, at: now, &effects) else { return }
        openTransport(&effects)
    }

    /// Says agent_disconnect and begins the closing handshake (Closing Connection); a close under way only changes what
    /// follows.
    /// - Parameter saysAgentDisconnect: an agent that leaves badly begins the closing handshake alone.
    mutating func close(
        code: UInt16, afterwards: LifeCycle.Afterwards, because cause: TransitionCause,
        saysAgentDisconnect: Bool = true, at now: Instant, _ effects: inout Effects
    ) {
        let deadline = now + cohort.plan.closeTimeout
        if life.phase.session != nil {
            if case .reconnect = afterwards { beginOutage() }
            if saysAgentDisconnect {
                sendReport(.agentDisconnect, [], dueAt: now, at: now, &effects) {
                    $0.agentDisconnect = AgentDisconnect()
                }
            }
            effects.append(.close(code: code))
            schedule.end()
        }
        guard step(.closeBegan(deadline: deadline, afterwards: afterwards), because: cause, at: now, &effects) else {
            return
        }
        setTimer(&effects)
    }

    /// The closing handshake that the agent began is done, or the stream ended during it.
    public mutating func closeCompleted(at now: Instant, _ effects: inout Effects) {
        endClosing(because: .closed, at: now, &effects)
        setTimer(&effects)
    }

    mutating func giveUpClosing(at now: Instant, _ effects: inout Effects) {
        effects.append(.abort)
        effects.count(.closeTimedOut)
        endClosing(because: .closeTimedOut, at: now, &effects)
    }

    private mutating func endClosing(because cause: TransitionCause, at now: Instant, _ effects: inout Effects) {
        guard step(.closeEnded, because: cause, at: now, &effects) else { return }
        leaveConnection(reports: .cut, at: now, &effects)
        if !isProcessUp {
            abandonFetch(&effects)
            endOutage(isAnswered: false, at: now, &effects)
        }
        connectAgainIfDue(at: now, &effects)
        disarmIfOver(&effects)
    }

    mutating func stop(because cause: TransitionCause, at now: Instant, _ effects: inout Effects) {
        guard step(.stopped, because: cause, at: now, &effects) else { return }
        abandonFetch(&effects)
        leaveConnection(reports: .cut, at: now, &effects)
        endOutage(isAnswered: false, at: now, &effects)
        disarmIfOver(&effects)
    }

    private mutating func disarmIfOver(_ effects: inout Effects) {
        guard life.phase == .disconnected else { return }
        timer = .distantFuture
        effects.wakeAt = .distantFuture
    }
}

extension TransitionCause {
    /// Whether the connection was lost without the run or the agent having ended it.
    fileprivate var endsByItself: Bool {
        switch self {
        case .stormed, .left, .lost(.dropped): false
        default: true
        }
    }
}
