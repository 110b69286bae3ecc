import Basis
import Rollout

/// What the controller of a rehearsed rollout was given, as its server's journal has it, where the world restarts the
/// controller: each restart continues with the one that the journal makes.
struct ControllerJournal {
    private let restarts: [Instant]
    /// The first restart that is to come.
    private var next = 0
    private var bytes: [UInt8] = []
    /// The bytes at which a snapshot replaces what came before.
    private var limit = Self.minLimit
    /// How often a controller was restarted.
    private(set) var performed = 0

    private static let minLimit = 1 << 16

    /// - Parameter restarts: ascending.
    init(restarts: [Nanoseconds]) {
        self.restarts = restarts.map { Instant.zero + $0 }
    }

    /// A rollout begins, or the controller has nothing before it.
    mutating func clear() { bytes.removeAll(keepingCapacity: true) }

    /// Adds an input, before the controller acts upon it.
    @inline(__always)
    mutating func append(_ record: @autoclosure () -> RolloutJournal.Record) {
        guard next < restarts.count else { return }
        bytes += RolloutJournal.bytes(of: record())
    }

    /// Replaces the records by a snapshot once they are many.
    mutating func compact(_ controller: RolloutController) {
        guard bytes.count > limit else { return }
        bytes = RolloutJournal.bytes(of: .snapshot(controller.snapshot()))
        limit = max(2 * bytes.count, Self.minLimit)
    }

    /// Restarts the controller if that is due.
    /// - Returns: Whether the restarted one is as it was.
    mutating func restart(_ controller: inout RolloutController, by now: Instant) -> Bool {
        guard next < restarts.count, restarts[next] <= now else { return true }
        while next < restarts.count, restarts[next] <= now { next += 1 }
        performed += 1
        let recovery = try? RolloutJournal.recover(
            bytes, plan: controller.plan, fleet: controller.fleet, seed: controller.seed,
            revision: controller.revision, former: controller.former)
        guard let recovery, recovery.bytes == bytes.count else { return false }
        controller = recovery.controller
        return true
    }
}
