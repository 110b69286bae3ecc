// Invariants of the unsafe memory in this file:
//  - `events` holds room for `capacity` events; only the first `count` answered by the last wait are read.
//  - The three descriptors are owned here and closed once, by `close()`.

import CLinux

/// A shard's epoll set with the timer that wakes it and the bell that other threads ring. The timer and the bell are
/// watched edge-triggered, so neither is ever read.
struct Poller: ~Copyable {
    /// Events fetched per wait: bounds how long timers wait behind one batch of ready sockets.
    static let capacity = 256

    private static let timerTag = UInt64.max
    private static let bellTag = UInt64.max - 1

    let descriptor: Int32
    private let timer: Int32
    /// Safe to ring from any thread until `close()`.
    let bell: Int32
    private let events: UnsafeMutablePointer<CLinuxEvent>
    /// When the timer will next fire, as last armed; 0 when it will not.
    private var armedFor: UInt64 = 0
    private(set) var isClosed = false

    init() throws(ShardError) {
        let descriptors = [clinux_epoll_create(), clinux_timer_create(), clinux_eventfd_create()]
        if let failure = descriptors.first(where: { $0 < 0 }) {
            for opened in descriptors where opened >= 0 { _ = clinux_close(opened) }
            throw ShardError(errno: -failure)
        }
        descriptor = descriptors[0]
        timer = descriptors[1]
        bell = descriptors[2]
        events = UnsafeMutablePointer<CLinuxEvent>.allocate(capacity: Self.capacity)
        events.initialize(repeating: CLinuxEvent(), count: Self.capacity)
        _ = clinux_epoll_add_edge(descriptor, timer, Self.timerTag)
        _ = clinux_epoll_add_edge(descriptor, bell, Self.bellTag)
    }

    deinit {
        events.deallocate()
    }

    /// Waits up to `nanoseconds` for events and answers with their number.
    func wait(nanoseconds: UInt64) -> Int {
        Int(max(0, clinux_epoll_wait(descriptor, events, Int32(Self.capacity), nanoseconds)))
    }

    /// Event `index` of the last wait; nil for the timer and the bell, whose only message is that the wait is over.
    func event(_ index: Int) -> (tag: UInt64, readiness: UInt32)? {
        let event = events[index]
        return event.tag >= Self.bellTag ? nil : (event.tag, event.readiness)
    }

    /// Makes sure that the set becomes readable at `nanoseconds` or before; nil: no need to.
    ///
    /// A timer set earlier than needed is left alone: one idle wake costs less than a system call at each change.
    mutating func wake(at nanoseconds: UInt64?, now: UInt64) {
        guard let nanoseconds, !isClosed else { return }
        if armedFor > now && armedFor <= nanoseconds { return }
        armedFor = max(nanoseconds, now + 1)
        _ = clinux_timer_arm(timer, armedFor)
    }

    mutating func close() {
        guard !isClosed else { return }
        isClosed = true
        _ = clinux_close(descriptor)
        _ = clinux_close(timer)
        _ = clinux_close(bell)
    }
}
