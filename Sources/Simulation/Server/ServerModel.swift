import Basis

/// The server's replicas: what they accept, and how long their answers take, from second to second. Queues are carried
/// as whole numbers, so that the result does not depend on an order.
struct ServerModel {
    private let capacity: ServerCapacity
    private var acceptBacklog: [Int]
    private var reportBacklog: [Int]
    private var lastReports: [Int]
    /// How many times as long each replica takes for a report: one entry for each reason that lasts.
    private var slowness: [[Int]]
    /// The longest time that an answer took.
    private(set) var maxAnswerDelay = Nanoseconds.zero

    init(_ capacity: ServerCapacity) {
        self.capacity = capacity
        acceptBacklog = Array(repeating: 0, count: capacity.replicas)
        reportBacklog = Array(repeating: 0, count: capacity.replicas)
        lastReports = Array(repeating: 0, count: capacity.replicas)
        slowness = Array(repeating: [], count: capacity.replicas)
    }

    /// The replica goes down: its queues are gone.
    mutating func stopped(_ replica: Int) {
        acceptBacklog[replica] = 0
        reportBacklog[replica] = 0
    }

    /// The replica takes `factor` times as long from now on. Of several factors the highest counts.
    mutating func becomesSlow(_ replica: Int, by factor: Int) { slowness[replica].append(max(factor, 1)) }

    /// That is over.
    mutating func isSlowNoLonger(_ replica: Int, by factor: Int) {
        if let place = slowness[replica].firstIndex(of: max(factor, 1)) { slowness[replica].remove(at: place) }
    }

    private func reportTime(_ replica: Int) -> Int64 {
        max(capacity.reportTime.count, 1) * Int64(slowness[replica].max() ?? 1)
    }

    private func reportsPerSecond(_ replica: Int) -> Int { max(Int(1_000_000_000 / reportTime(replica)), 1) }

    /// A second is over.
    /// - Parameters:
    ///   - reports: of the replica in it.
    ///   - accepted: attempts that it let in.
    @inline(__always)
    mutating func pass(_ replica: Int, reports: Int, accepted: Int) {
        lastReports[replica] = reports
        acceptBacklog[replica] = max(0, acceptBacklog[replica] + accepted - capacity.acceptsPerSecond)
        reportBacklog[replica] = max(0, reportBacklog[replica] + reports - reportsPerSecond(replica))
    }

    /// What the replicas do in the coming second.
    /// - Parameters:
    ///   - expected: attempts to connect that are known to fall into it, at all replicas together.
    ///   - connected: open connections, by replica.
    mutating func fill(_ state: inout WindowState, expected: Int, connected: (Int) -> Int) {
        let each = expected / max(state.upReplicas.count, 1)
        for replica in 0..<capacity.replicas {
            let queueRoom = capacity.acceptsPerSecond + capacity.acceptQueue - acceptBacklog[replica]
            let room = min(max(queueRoom, 0), max(capacity.connectionLimit - connected(replica), 0))
            state.admission[replica] = each <= room ? 1.000001 : Double(room) / Double(each)
            state.acceptDelay[replica] = Nanoseconds(
                Int64(acceptBacklog[replica]) * 1_000_000_000 / Int64(max(capacity.acceptsPerSecond, 1)))
            let (time, limit) = (reportTime(replica), reportsPerSecond(replica))
            let load = min(lastReports[replica], limit - 1)
            let waiting = time * Int64(load) / Int64(2 * max(limit - load, 1))
            state.answerDelay[replica] = Nanoseconds(time * Int64(1 + reportBacklog[replica]) + waiting)
            maxAnswerDelay = max(maxAnswerDelay, state.answerDelay[replica])
        }
    }
}
