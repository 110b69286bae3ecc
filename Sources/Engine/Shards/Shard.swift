public import Basis
import CLinux
import Dispatch
import Synchronization

/// An event loop: one serial DispatchQueue, one epoll set watched by one DispatchSource, and a timer wheel.
///
/// Everything that an endpoint owns lives on its shard; there are no locks and, in steady state, no allocations on the
/// path of a message. Timers are driven by a timerfd inside the epoll set, because Dispatch's own timer source
/// allocates each time it is set.
///
/// A shard lives until `stop()`: the source keeps it.
///
/// `@unchecked Sendable`: references travel freely, while all state below is touched on the queue only (checked in
/// debug builds); the two fields for other threads are atomic.
///
/// What every event touches, here and in `Endpoint`, is touched in accesses that call nobody: a check for accesses that
/// overlap (`@exclusivity`), at run time and with each, could find nothing.
public final class Shard: @unchecked Sendable {
    /// For messages and queue names.
    public let label: String
    public let options: ShardOptions

    /// The instant of the present callback: CLOCK_MONOTONIC, read before each one.
    @exclusivity(unchecked) public internal(set) var now: Instant
    /// The work of the shard until now.
    @exclusivity(unchecked) public internal(set) var counters = ShardCounters()
    /// Connections being made, open or closing; listening sockets are not counted.
    @exclusivity(unchecked) public internal(set) var openConnections = 0
    /// Bytes that wait in all endpoints for their peers to read. On the shard.
    @exclusivity(unchecked) public internal(set) var waitingBytes = 0

    private let queue: DispatchQueue
    private let source: any DispatchSourceRead
    @exclusivity(unchecked) var poller: Poller
    @exclusivity(unchecked) var wheel: TimerWheel
    @exclusivity(unchecked) var slots = SlotTable()
    @exclusivity(unchecked) var wakeLatency = WakeLatency()
    /// `options.timerSlack` in nanoseconds.
    let timerSlack: UInt64
    /// The thread's CPU time when the queue's present block began; 0 between blocks.
    @exclusivity(unchecked) var threadStart: UInt64 = 0
    /// Slots whose connection has ended and whose owner has not been notified yet.
    @exclusivity(unchecked) var ended: [Int32] = []
    /// The links of connections, by slot.
    var links: [Int32: EndpointLink] = [:]
    /// Links that have outlived their connections.
    var linkTails = 0
    let readBuffer: UnsafeMutableRawBufferPointer
    @exclusivity(unchecked) var corkBuffer: CorkBuffer
    /// For the shard's first TLS connection and all after it.
    var tlsChannel: TLSChannel {
        if let tlsChannelIfMade { return tlsChannelIfMade }
        let made = TLSChannel(readBufferBytes: readBuffer.count)
        tlsChannelIfMade = made
        return made
    }
    private(set) var tlsChannelIfMade: TLSChannel?
    /// When timers were last looked at.
    @exclusivity(unchecked) var timersFiredAt: UInt64 = 0
    @exclusivity(unchecked) var handshakes: HandshakeQueue
    /// When the connection that `connected` is called for was begun, by `connect` and in plaintext; valid in that call.
    @exclusivity(unchecked) public internal(set) var connectBegan = Instant(nanoseconds: 0)
    /// When the handshake of the connection that `connected` is called for began; valid in that call.
    public internal(set) var handshakeBegan = Instant(nanoseconds: 0)
    private(set) var isStopping = false
    private var stopWaiters: [@Sendable () -> Void] = []

    /// Blocks handed to `perform` that have not begun; a lingering shard makes way for them.
    let waitingBlocks = Atomic<Int>(0)
    /// Whether the shard waits on its epoll set itself, where only the bell can call it.
    let isLingering = Atomic<Bool>(false)
    private let bell: Mutex<Int32?>

    /// Starts a shard.
    public init(label: String, options: ShardOptions = ShardOptions()) throws(ShardError) {
        let poller = try Poller()
        self.label = label
        self.options = options
        timerSlack = options.timerSlack.count > 0 ? options.timerSlack.count.magnitude : 0
        now = Shard.clock
        wheel = TimerWheel(startingAt: now.nanoseconds)
        queue = DispatchQueue(label: "muster.shard.\(label)")
        source = DispatchSource.makeReadSource(fileDescriptor: poller.descriptor, queue: queue)
        bell = Mutex(poller.bell)
        self.poller = poller
        readBuffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(options.readBufferBytes, Self.smallestReadBuffer), alignment: 64)
        corkBuffer = CorkBuffer()
        handshakes = HandshakeQueue(limit: options.handshakeLimit)
        source.setEventHandler { self.run() }
        source.setCancelHandler { self.finishStopping() }
        source.activate()
    }

    deinit {
        readBuffer.deallocate()
    }

    /// With a smaller buffer a large message would need too many system calls.
    private static let smallestReadBuffer = 4096

    /// The present instant on the axis of `now`, from any thread. About 25 ns.
    public static var clock: Instant { Instant(nanoseconds: clinux_monotonic()) }

    /// Runs `work` on the shard, after what it is doing now. From any thread.
    public func perform(_ work: @escaping @Sendable () -> Void) {
        waitingBlocks.add(1, ordering: .sequentiallyConsistent)
        queue.async { [self] in
            waitingBlocks.subtract(1, ordering: .sequentiallyConsistent)
            onThread {
                now = Shard.clock
                work()
                endCallback()
                settleAfterBlock()
            }
        }
        guard isLingering.load(ordering: .sequentiallyConsistent) else { return }
        bell.withLock { if let bell = $0 { _ = clinux_eventfd_signal(bell) } }
    }

    /// Runs `body` on the shard and gives its result to the caller.
    public func value<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            perform { continuation.resume(returning: body()) }
        }
    }

    /// Ends every connection and timer of the shard, tells the owners `closed(.local)`, closes every descriptor, and
    /// then calls `then` on the shard's queue. Calling it again only adds a waiter.
    public func stop(then: @escaping @Sendable () -> Void) {
        perform { [self] in
            if poller.isClosed {
                then()
                return
            }
            stopWaiters.append(then)
            guard !isStopping else { return }
            isStopping = true
            for index in 0..<Int32(slots.capacity) { slots.endpoint(at: index)?.abandon() }
            while !ended.isEmpty { settleEnded() }
            bell.withLock { $0 = nil }
            source.cancel()
        }
    }

    /// As `stop(then:)`, awaited.
    public func stop() async {
        await withCheckedContinuation { continuation in
            stop { continuation.resume() }
        }
    }

    private func finishStopping() {
        poller.close()
        let waiters = stopWaiters
        stopWaiters = []
        for waiter in waiters { waiter() }
    }

    /// Ends the process with a message unless it is called on the shard.
    public func preconditionOnShard() {
        dispatchPrecondition(condition: .onQueue(queue))
    }

    /// `preconditionOnShard` in debug builds, nothing in release builds.
    func assertOnShard() {
        #if DEBUG
            dispatchPrecondition(condition: .onQueue(queue))
        #endif
    }
}
