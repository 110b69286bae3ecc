public import Basis
import CLinux

/// One connection, or one agent that makes connections: subclass it, so that an agent and its socket are one object.
///
/// An endpoint outlives its connections. It is idle until `connect` (or a listener adopts it); after `closed` it is
/// idle again and may connect again, at once or from its timer. It has one timer, independent of the connection.
///
/// **Re-entrancy.** No method of an endpoint calls back before it returns: every callback starts from the shard's loop,
/// and a callback may call every method (write, close, abort, connect, set a timer), on this endpoint or any other of
/// the shard. After `abort` or a failed write no more bytes are received; `closed` follows in the same turn.
///
/// **Life.** The shard keeps an endpoint alive while it has a connection or a timer. Without both it lives as long as
/// its owner's references.
///
/// `@unchecked Sendable`: an endpoint belongs to its shard. References may travel; everything but `init` is called on
/// the shard only (checked in debug builds).
open class Endpoint: @unchecked Sendable {
    public final let shard: Shard

    // The fields are ordered by size: about 100 bytes in all, so that thousands of idle agents cost little.

    /// When the user's timer is due; `UInt64.max`: not set.
    @exclusivity(unchecked) final var timerDue = UInt64.max
    /// When the engine's own timeout is due (connect, handshake, idle, receive, close); `UInt64.max`: never.
    @exclusivity(unchecked) final var deadline = UInt64.max
    /// When bytes last came in; before the first, when the connection was begun.
    @exclusivity(unchecked) final var lastReceived: UInt64 = 0
    /// When what is being received must be complete; `UInt64.max`: no limit.
    @exclusivity(unchecked) final var receiveDue = UInt64.max
    /// Unchecked: it calls nothing but malloc.
    @exclusivity(unchecked) final var outbox = Outbox()
    /// TLS, boxed: plaintext connections pay one pointer for it.
    @exclusivity(unchecked) final var security = EndpointSecurity.none
    @exclusivity(unchecked) final var slot = SlotTable.none
    @exclusivity(unchecked) final var descriptor: Int32 = -1
    /// 0: none.
    @exclusivity(unchecked) final var idleMilliseconds: UInt32 = 0
    /// What the epoll set watches the socket for.
    @exclusivity(unchecked) final var interest: UInt32 = 0
    /// Told to the owner by `closed`; set with `state == .ended`.
    @exclusivity(unchecked) final var endCause = CloseCause.local
    @exclusivity(unchecked) final var state = ConnectionState.idle
    @exclusivity(unchecked) final var flags: EndpointFlags = []

    /// An idle endpoint of `shard`. From any thread.
    public init(shard: Shard) {
        self.shard = shard
    }

    deinit {
        outbox.free()
    }

    // MARK: What subclasses answer to

    /// The connection is up (with TLS: secured) and may be written to. Follows `connect`, or a listener's accept.
    open func connected() {}

    /// TCP is up and the TLS handshake begins. Only with TLS.
    open func reached() {}

    /// Bytes from the peer, in order. The span borrows the shard's read buffer until the method returns.
    open func received(_ bytes: RawSpan) {}

    /// The peer has closed its side. False (the default) ends the connection with `CloseCause.peerClosed`; true keeps
    /// it open for writing until `closeGracefully` or `abort`.
    open func peerFinished() -> Bool { false }

    /// All bytes that waited for the peer have been sent.
    open func drained() {}

    /// The connection has ended, or could not be made. Called exactly once for each `connect` that returned true and
    /// each adopted connection, whichever side ended it. The endpoint is idle again.
    open func closed(_ cause: CloseCause) {}

    /// `receiveDeadline` has passed and is unset. Returns the instant until which the peer may continue to send; nil
    /// (the default) ends the connection with `.timedOut(.receive)`, unless it was closed in the call.
    open func receiveTimedOut() -> Instant? { nil }

    /// The timer set for `due` has fired; never early, and `shard.now - due` late. It is unset already.
    open func timerFired(due: Instant) {}

    /// A segment was handed to the connection's link, in either direction: how long it is on its way, and how often it
    /// was lost. For counting only: no method of the endpoint may be called.
    open func enteredLink(_ span: Nanoseconds, losses: Int) {}

    /// The timer of the connection's link has fired so late. For counting only.
    open func linkFired(late lag: Nanoseconds) {}

    /// Readiness of the socket, as reported by epoll.
    func ready(_ readiness: UInt32) {
        if flags.contains(.linked), readyBehindLink(readiness) { return }
        switch state {
        case .connecting: finishConnecting(readiness)
        case .securing: continueHandshake(readiness)
        case .open, .flushing: exchange(readiness)
        case .lingering: awaitEnd()
        case .idle, .ended: break
        }
    }

    // MARK: State

    /// Whether there is no connection, no attempt to connect, and no end that the owner has to be notified of.
    public final var isIdle: Bool { state == .idle }

    /// Whether the connection is up and neither side has ended it: `write` makes sense.
    public final var isOpen: Bool { state == .open }

    /// Bytes that `write` accepted and the kernel has not accepted yet; those on their way over a link are among them.
    public final var waitingBytes: Int { outbox.count + (link?.bytesUp ?? 0) }

    /// This side's address of the present connection. A system call.
    public final var localAddress: SocketAddress? {
        guard descriptor >= 0 else { return nil }
        var address = CLinuxAddress()
        return clinux_local_address(descriptor, &address) == 0 ? SocketAddress(address) : nil
    }

    /// The peer's address of the present connection. A system call.
    public final var peerAddress: SocketAddress? {
        guard descriptor >= 0 else { return nil }
        var address = CLinuxAddress()
        return clinux_peer_address(descriptor, &address) == 0 ? SocketAddress(address) : nil
    }

    /// Makes sure that the shard knows and keeps the endpoint.
    final func register() {
        guard slot == SlotTable.none else { return }
        slot = shard.slots.insert(self)
        shard.wheel.reserve(shard.slots.capacity)
    }

    /// Lets the shard forget an endpoint with nothing under way. The endpoint may die here unless the caller holds it.
    final func unregisterIfIdle() {
        guard slot != SlotTable.none, state == .idle, timerDue == .max else { return }
        shard.wheel.cancel(slot)
        let formerSlot = slot
        slot = SlotTable.none
        shard.slots.remove(formerSlot)?.release()
    }
}

/// The state of an endpoint's connection.
enum ConnectionState: UInt8 {
    /// No connection.
    case idle
    /// TCP is on its way.
    case connecting
    /// TCP is up, TLS is being agreed on.
    case securing
    /// Bytes flow.
    case open
    /// A graceful close waits for the outbox to empty.
    case flushing
    /// Our side is shut; the peer's end is awaited, its bytes are dropped.
    case lingering
    /// The socket is closed; the owner has not been notified yet.
    case ended
}

/// What else there is to know about an endpoint's connection, a bit each.
struct EndpointFlags: OptionSet {
    let rawValue: UInt16
    /// The owner has paused reading.
    static let readingPaused = EndpointFlags(rawValue: 1 << 0)
    /// The peer has closed its side and the owner continues to write.
    static let peerFinished = EndpointFlags(rawValue: 1 << 1)
    /// Writes gather in the shard's cork buffer.
    static let corked = EndpointFlags(rawValue: 1 << 2)
    /// A write had to wait: `drained` has to be called.
    static let owesDrained = EndpointFlags(rawValue: 1 << 3)
    /// Not a connection of the user's: a listening socket.
    static let listening = EndpointFlags(rawValue: 1 << 4)
    /// The cause of the end is known already; what happens while the socket closes does not change it.
    static let failed = EndpointFlags(rawValue: 1 << 5)
    /// Has a place among the handshakes under way.
    static let handshaking = EndpointFlags(rawValue: 1 << 6)
    /// The owner has finished writing; what waits is still sent.
    static let writingFinished = EndpointFlags(rawValue: 1 << 7)
    /// The socket connects from the port that it connects to.
    static let samePort = EndpointFlags(rawValue: 1 << 8)
    /// The connection is behind a link, which the shard has.
    static let linked = EndpointFlags(rawValue: 1 << 9)
}
