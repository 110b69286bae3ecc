import Basis

/// What the agents see of the rest of the world during one second: fixed at its start, so that the order in which they
/// are run, and by whom, cannot matter.
struct WindowState: Sendable {
    var second = 0
    var start: Instant = .zero
    var end: Instant = .zero
    /// Until then no fault begins or ends that concerns more than one agent.
    var unchangedUntil: Instant = .distantFuture
    /// The groups that are cut off, a bit each.
    var downGroups: UInt8 = 0
    /// The replicas that accept connections.
    var upReplicas: [UInt8] = []
    var isReplicaDown: [Bool]
    /// The groups that do not reach a replica, a bit each.
    var cutGroups: [UInt8]
    /// The odds that an attempt to connect is let in, by replica.
    var admission: [Double]
    /// How long an accepted connection waits, by replica.
    var acceptDelay: [Nanoseconds]
    /// How long an answer takes on the server, by replica.
    var answerDelay: [Nanoseconds]

    init(replicas: Int) {
        isReplicaDown = Array(repeating: false, count: replicas)
        cutGroups = Array(repeating: 0, count: replicas)
        admission = Array(repeating: 1, count: replicas)
        acceptDelay = Array(repeating: .zero, count: replicas)
        answerDelay = Array(repeating: .zero, count: replicas)
    }
}
