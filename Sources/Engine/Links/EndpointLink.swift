// Invariants of the unsafe memory in this file:
//  - Bytes that have arrived are copied into the shard's read buffer before a callback or a send gets them. Neither
//    writes to that buffer, and the queue may change, or the link end, meanwhile.

import Basis
import CLinux

/// The link of one connection: what is on its way, and the timer that has it arrive. It is between the socket and the
/// endpoint, below TLS. Times count from the clock, not from the callback's instant, which lies before its work.
///
/// Without a connection of its own, until its endpoint ends the connection while bytes are on their way to the peer:
/// then the link has the socket, lets them arrive, and closes it.
final class EndpointLink: Endpoint, @unchecked Sendable {
    /// Whose connection it is; nil: the link has the socket itself.
    private unowned var user: Endpoint?
    private var up: LinkQueue
    private var down: LinkQueue
    /// Connects the socket once the SYN has arrived.
    private var dial: (() -> Void)?
    /// What is counted among the shard's waiting bytes.
    private var counted = 0

    /// So much may be on its way from the peer; then the socket is not read, which slows the peer down.
    static let receiveLimit = 1 << 20
    /// The same where much waits in the shard.
    static let scarceReceiveLimit = 1 << 14
    /// So many sockets of a shard outlive their endpoints; others are closed at once.
    static let tailLimit = 4_096

    init(_ route: LinkRoute, user: Endpoint) {
        self.user = user
        up = LinkQueue(LinkDirection(route, isUp: true))
        down = LinkQueue(LinkDirection(route, isUp: false))
        super.init(shard: user.shard)
    }

    deinit {
        up.drop()
        down.drop()
    }

    // MARK: - What the endpoint does

    /// Connects by `dial` when a SYN and its answer have had their way.
    func begin(_ dial: @escaping () -> Void) {
        self.dial = dial
        let arrival = up.passSynchronization(at: Shard.clock)
        setTimer(at: down.passSynchronization(at: arrival))
    }

    /// Whether bytes that this side has sent by then, or that the peer's socket has brought by then, are on their way.
    func holdsUp(sentBy sending: Instant, answeredBy answer: Instant) -> Bool {
        up.hasOldest(from: sending) || down.hasOldest(from: answer)
    }

    /// Bytes that wait on this side, or are on their way to the peer.
    var bytesUp: Int { up.byteCount }

    /// Whether the end of this side's stream has arrived, and all before it.
    private(set) var hasFinished = false

    /// Takes bytes for the peer. False: there are too many.
    func send(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let user, user.descriptor >= 0 else { return true }
        let (sum, overflow) = up.byteCount.addingReportingOverflow(bytes.count)
        guard !overflow, up.isEmpty || sum <= shard.options.writeBufferLimit,
            shard.waitingBytes + bytes.count <= shard.options.writeBuffersLimit,
            up.append(bytes, at: Shard.clock, each: { user.enteredLink($0, losses: $1) })
        else { return false }
        schedule()
        return true
    }

    /// This side's stream ends behind what is on its way.
    func finish() {
        up.finish(.finished, at: Shard.clock)
        schedule()
    }

    /// How long an orderly close takes longer because of the link: the way to the peer and back.
    var closingTime: Nanoseconds {
        max(up.direction.lastArrival - shard.now, .zero) + up.direction.latency + down.direction.latency
    }

    /// Whether more may be read from the socket.
    var wantsInput: Bool {
        guard !down.hasEnd else { return false }
        let isScarce = shard.waitingBytes > shard.options.writeBuffersLimit / 2
        return down.held < (isScarce ? Self.scarceReceiveLimit : Self.receiveLimit)
    }

    /// The peer's stream has ended at the socket.
    var hasPeerEnd: Bool { down.hasEnd }

    /// The socket has brought bytes.
    func received(_ bytes: UnsafeRawBufferPointer) {
        guard let user, down.append(bytes, at: Shard.clock, each: { user.enteredLink($0, losses: $1) }) else {
            return socketEnded(.failed(.writeOverflow))
        }
        schedule()
    }

    /// The socket has brought the peer's end, or an error.
    func socketEnded(_ end: LinkQueue.End) {
        down.finish(end, at: Shard.clock)
        if case .failed = end { up.drop() }
        schedule()
    }

    // MARK: - What arrives

    override func timerFired(due: Instant) {
        guard let user else { return arriveAtPeer() }
        user.linkFired(late: shard.now - due)
        if let dial {
            self.dial = nil
            return dial()
        }
        pass(to: user)
        if self.user != nil { schedule() }
    }

    private func pass(to user: Endpoint) {
        let buffer = shard.readBuffer
        while self.user != nil, user.descriptor >= 0 {
            let count = up.take(into: buffer, at: shard.now)
            guard count > 0 else { break }
            _ = user.transmitAtOnce(UnsafeRawBufferPointer(rebasing: buffer[0..<count]))
        }
        if self.user != nil, up.takeEnd(at: shard.now) != nil {
            hasFinished = true
            user.finishBehindLink()
        }
        while self.user != nil, user.takesFromLink {
            let count = down.take(into: buffer, at: shard.now)
            guard count > 0 else { break }
            user.takeFromLink(UnsafeRawBufferPointer(rebasing: buffer[0..<count]))
        }
        guard self.user != nil, user.takesFromLink else { return }
        if let end = down.takeEnd(at: shard.now) {
            user.endBehindLink(end)
        } else {
            user.updateInterest()
        }
    }

    /// Sets the timer to what arrives next.
    func schedule() {
        let held = up.held + down.held
        shard.waitingBytes += held - counted
        counted = held
        guard dial == nil else { return }
        let ofDown = user?.takesFromLink ?? false ? down.nextArrival : nil
        // What has arrived while reading was paused is not late.
        setTimer(at: max(min(up.nextArrival ?? .distantFuture, ofDown ?? .distantFuture), shard.now))
    }

    /// What is on its way to the peer arrives now. May be called in a callback over the read buffer.
    func arriveAtOnce() {
        withUnsafeTemporaryAllocation(byteCount: up.byteCount, alignment: 16) { buffer in
            let count = up.take(into: buffer, at: .distantFuture)
            guard count > 0, let user, user.descriptor >= 0 else { return }
            _ = user.transmitAtOnce(UnsafeRawBufferPointer(rebasing: buffer[0..<count]))
        }
        schedule()
    }

    // MARK: - After the endpoint

    /// The endpoint ends its connection. The link takes its socket where something is still to arrive at the peer.
    func leave(_ user: Endpoint, hasConnected: Bool) {
        self.user = nil
        dial = nil
        down.drop()
        let takes = hasConnected && user.descriptor >= 0 && shard.linkTails < Self.tailLimit && !shard.isStopping
        guard takes, takeSocket(of: user) else {
            up.drop()
            schedule()
            return unregisterIfIdle()
        }
        // A FIN that has arrived already, and a reset after it, are no longer worth a wait.
        if hasFinished { return end(.local) }
        up.finish(.finished, at: Shard.clock)
        schedule()
    }

    private func takeSocket(of user: Endpoint) -> Bool {
        register()
        let tag = shard.slots.tag(of: slot)
        guard clinux_epoll_modify(shard.poller.descriptor, user.descriptor, 0, tag) == 0 else { return false }
        (descriptor, user.descriptor) = (user.descriptor, -1)
        swap(&outbox, &user.outbox)
        state = .open
        flags = [.readingPaused]
        shard.openConnections += 1
        shard.linkTails += 1
        updateInterest()
        return true
    }

    private func arriveAtPeer() {
        let buffer = shard.readBuffer
        while state == .open {
            let count = up.take(into: buffer, at: shard.now)
            guard count > 0 else { break }
            _ = transmit(UnsafeRawBufferPointer(rebasing: buffer[0..<count]))
        }
        guard state == .open else { return }
        if up.takeEnd(at: shard.now) != nil { end(.local) } else { schedule() }
    }

    override func closed(_ cause: CloseCause) {
        shard.linkTails -= 1
        up.drop()
        schedule()
    }
}
