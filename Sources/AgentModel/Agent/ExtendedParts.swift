import Basis

/// The collector of an agent whose supervisor restarts it on command: down for a while, with the connection up.
struct SupervisedCollector: Hashable, Sendable {
    /// When it is back; `.distantFuture` while it runs.
    private(set) var backAt: Instant = .distantFuture

    var isDown: Bool { backAt != .distantFuture }

    /// The supervisor restarts it.
    /// - Returns: Whether it goes down now: one that is down already stays down no longer for it.
    mutating func restart(until back: Instant) -> Bool {
        guard !isDown else { return false }
        backAt = back
        return true
    }

    /// It runs again.
    mutating func isBack() { backAt = .distantFuture }
}

/// The planned changes of what an agent declares, counted from its first start.
struct CapabilitySchedule: Hashable, Sendable {
    private let started: Instant
    private var next = 0
    /// When the next change is due; `.distantFuture` where there is none.
    private(set) var due: Instant

    init(_ changes: [CapabilityChange], startedAt started: Instant) {
        self.started = started
        due = changes.first.map { started + $0.after } ?? .distantFuture
    }

    /// The change that is due now.
    mutating func take(_ changes: [CapabilityChange]) -> CapabilityChange? {
        guard next < changes.count else { return nil }
        defer {
            next += 1
            due = next < changes.count ? started + changes[next].after : .distantFuture
        }
        return changes[next]
    }
}

/// The reports of an agent that reports its health far too often: one of its components after another fails and
/// recovers.
struct ExcessiveReports: Hashable, Sendable {
    static let interval = Nanoseconds.seconds(1)

    private(set) var due: Instant
    private var round: UInt32 = 0

    init(at now: Instant) { due = now + Self.interval }

    /// The process has restarted.
    mutating func restarted(at now: Instant) { due = now + Self.interval }

    mutating func report(at now: Instant) {
        round &+= 1
        due = max(due + Self.interval, now)
    }

    /// The health in the next report, with this number of components.
    func health(components count: Int) -> ObservedHealth {
        round == 0 ? ObservedHealth() : ObservedHealth(components: [Int(round) % count], level: .degraded)
    }
}

/// A value in separate memory: 8 bytes inline, one allocation. Copies share it until one of them changes.
struct Boxed<Value> {
    private final class Storage {
        // Only its box reaches it, and a box that is changed is the only one: the compiler checks the access to the
        // box.
        @exclusivity(unchecked) var value: Value

        init(_ value: Value) {
            self.value = value
        }
    }

    private var storage: Storage

    init(_ value: Value) {
        storage = Storage(value)
    }

    var value: Value {
        _read { yield storage.value }
        _modify {
            if !isKnownUniquelyReferenced(&storage) { storage = Storage(storage.value) }
            yield &storage.value
        }
    }
}
