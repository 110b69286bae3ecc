import Basis

/// What an agent misses from the loss of its connection to the first answer on a later one: how long it has been
/// without its server, and which heartbeats were due meanwhile. A few numbers, whatever the outage lasts; the single
/// heartbeats are counted when it ends.
struct Outage: Hashable, Sendable {
    /// Heartbeats that were due without a connection, one interval after the other.
    struct Stretch: Hashable, Sendable {
        var first: Instant
        var interval: Nanoseconds
        var count: Int

        /// When the heartbeat after its last one is due.
        var end: Instant { first + interval * Int64(count) }
    }

    /// When the last answer before the loss was received; `nil`: the agent has never received one.
    let lastAnswer: Instant?
    /// The stretches that connections have ended; connections on which no answer was received.
    private(set) var stretches: [Stretch] = []
    /// When the next heartbeat is due; `.distantFuture`: none is.
    private var next: Instant
    private var interval: Nanoseconds

    /// So many stretches are kept apart; of more, the first two are taken together.
    static let limit = 8

    /// - Parameters:
    ///   - next: when the first heartbeat without a connection is due; `.distantFuture`: none is.
    ///   - interval: between two heartbeats; zero: there are none.
    init(lastAnswer: Instant?, next: Instant, interval: Nanoseconds) {
        self.lastAnswer = lastAnswer
        self.next = next
        self.interval = interval
    }

    /// A connection has been opened, or the agent ends: what falls due from now on is not part of the outage.
    mutating func end(at now: Instant) {
        guard interval > .zero, next != .distantFuture, next < now else { return }
        let count = Int(clamping: ((now - next).count - 1) / interval.count + 1)
        let stretch = Stretch(first: next, interval: interval, count: count)
        next = stretch.end
        if let last = stretches.last, last.end == stretch.first, last.interval == interval {
            stretches[stretches.count - 1].count += count
        } else {
            stretches.append(stretch)
        }
        if stretches.count > Self.limit { join() }
    }

    /// The connection was lost again before an answer was received.
    /// - Parameter next: when the next heartbeat was due on it; `nil`: none was sent on it, so that the heartbeats go
    ///   on from where they were.
    mutating func resume(next: Instant?, interval: Nanoseconds) {
        if let next { self.next = next }
        self.interval = interval
    }

    /// Takes the first two stretches together: as many heartbeats, evenly spread from the first to the last of them.
    private mutating func join() {
        let (one, two) = (stretches[0], stretches[1])
        let count = one.count + two.count
        let last = two.first + two.interval * Int64(two.count - 1)
        let interval = Nanoseconds((last - one.first).count / Int64(max(count - 1, 1)))
        stretches.replaceSubrange(0...1, with: [Stretch(first: one.first, interval: interval, count: count)])
    }
}

/// Being without a server, and what is counted when that is over.
extension Agent {
    /// The connection is lost or given up, or cannot be opened: what falls due until the next answer is missed.
    /// - Parameter next: when the next heartbeat is due.
    mutating func beginOutage(next: Instant) {
        guard cohort.reportForm == .encoded else { return }
        let span = heartbeatRules.isClosedLoop ? .zero : schedule.span(by: heartbeatRules)
        guard extended?.value.outage == nil else {
            let resumed = schedule.hasBegun ? next : nil
            return withExtendedState { extended -> Void in
                extended.outage?.value.resume(next: resumed, interval: span)
            }
        }
        let outage = Outage(lastAnswer: lastAnswer, next: next, interval: span)
        withExtendedState { $0.outage = Boxed(outage) }
    }

    /// The open connection is lost or given up.
    mutating func beginOutage() { beginOutage(next: schedule.next) }

    /// When the last answer was received on the open connection; `nil`: none was.
    private var lastAnswer: Instant? {
        switch life.phase {
        case .running(let session), .configuring(let session), .updating(let session): session.lastContact
        case .initializing, .connecting, .connected, .backingOff, .closing, .restarting, .disconnected: nil
        }
    }

    /// A connection is open: heartbeats are sent again.
    mutating func suspendOutage(at now: Instant) {
        guard extended?.value.outage != nil else { return }
        withExtendedState { extended -> Void in extended.outage?.value.end(at: now) }
    }

    /// The first answer on a later connection was received, or the agent ends without it.
    mutating func endOutage(isAnswered: Bool, at now: Instant, _ effects: inout Effects) {
        guard var outage = extended?.value.outage?.value else { return }
        if life.phase.session == nil { outage.end(at: now) }
        for stretch in outage.stretches {
            effects.append(
                .heartbeatsNotPossible(
                    MissedHeartbeats(
                        count: stretch.count, longest: now - stretch.first, interval: stretch.interval,
                        isAnswered: isAnswered)))
        }
        if let last = outage.lastAnswer {
            effects.append(.withoutServer(TimeWithoutServer(span: now - last, isOver: isAnswered)))
        }
        withExtendedState { $0.outage = nil }
        if extended?.value.isEmpty == true { extended = nil }
    }
}
