import Basis

/// The load that a partition's agents put on the server. Heartbeats of agents at rest are not events: their number in a
/// second follows from how many agents there are of each phase and replica.
struct PartitionLoad {
    private let replicas: Int
    private let intervals: [Int]
    private let seconds: Int
    private let heartbeatBytes: UInt64
    /// Agents with steady heartbeats: for each interval by the second of it that those fall into, and by replica.
    private var steady: [[Int32]]
    /// Reports of this second, by replica.
    private(set) var arrivals: [Int]
    /// Attempts of this second that were let in, by replica.
    var accepted: [Int]
    /// Open connections, by replica.
    var connected: [Int]
    private(set) var minutes: [MinuteLoad]
    private var lastSecond = -1
    private var second = 0

    init(seconds: Int, replicas: Int, intervals: [Int], heartbeatBytes: Int) {
        self.replicas = replicas
        self.intervals = intervals
        self.seconds = seconds
        self.heartbeatBytes = UInt64(heartbeatBytes)
        steady = intervals.map { Array(repeating: 0, count: $0 * replicas) }
        arrivals = Array(repeating: 0, count: replicas)
        accepted = Array(repeating: 0, count: replicas)
        connected = Array(repeating: 0, count: replicas)
        minutes = Array(repeating: MinuteLoad(), count: seconds / 60 + 1)
    }

    /// The heartbeats of a replica in a second in which nothing else happens.
    func heartbeats(second: Int, replica: Int) -> Int {
        var sum = 0
        for number in intervals.indices { sum += Int(steady[number][second % intervals[number] * replicas + replica]) }
        return sum
    }

    /// Those of all replicas.
    private func heartbeats(second: Int) -> Int {
        var sum = 0
        for number in intervals.indices {
            let first = second % intervals[number] * replicas
            for bin in first..<first + replicas { sum += Int(steady[number][bin]) }
        }
        return sum
    }

    /// Counts the seconds since the last one, in which nothing happened, and begins another.
    mutating func enter(second: Int) {
        for skipped in lastSecond + 1..<max(second, lastSecond + 1) {
            countHeartbeats(heartbeats(second: skipped), minute: skipped / 60)
        }
        (lastSecond, self.second) = (second, second)
        guard second < seconds else { return }
        for replica in 0..<replicas {
            arrivals[replica] = heartbeats(second: second, replica: replica)
            accepted[replica] = 0
        }
    }

    /// Takes the reports of this second into its minute.
    mutating func leave() {
        var reports = 0
        for replica in 0..<replicas { reports += arrivals[replica] }
        countHeartbeats(reports, minute: second / 60)
    }

    private mutating func countHeartbeats(_ reports: Int, minute: Int) {
        minutes[minute].reports += UInt64(max(reports, 0))
        minutes[minute].bytesIn += UInt64(max(reports, 0)) * heartbeatBytes
        minutes[minute].bytesOut += UInt64(max(reports, 0)) * UInt64(FleetModel.answerBytes)
    }

    /// A report is sent.
    @inline(__always)
    mutating func report(_ replica: UInt8, bytes: Int) {
        arrivals[Int(replica)] += 1
        // `leave` counts each report as a heartbeat.
        minutes[second / 60].bytesIn &+= UInt64(bytes) &- heartbeatBytes
    }

    @inline(__always)
    mutating func offer(bytes: Int) {
        minutes[second / 60].offers += 1
        minutes[second / 60].bytesOut += UInt64(bytes)
    }

    @inline(__always)
    mutating func attempt() { minutes[second / 60].attempts += 1 }

    /// An attempt of a later second.
    @inline(__always)
    mutating func attempt(at time: Instant) { minutes[Int(time.nanoseconds / 60_000_000_000)].attempts += 1 }

    @inline(__always)
    mutating func opened() { minutes[second / 60].opened += 1 }

    mutating func download() { minutes[second / 60].downloads += 1 }

    /// The agent's heartbeats are steady from now on.
    /// - Parameter next: when the next is due.
    @inline(__always)
    mutating func add(_ replica: UInt8, _ interval: UInt8, next: Instant, windowEnd: Instant) {
        change(replica, interval, next, windowEnd, by: 1)
    }

    /// They are so no longer.
    @inline(__always)
    mutating func remove(_ replica: UInt8, _ interval: UInt8, next: Instant, windowEnd: Instant) {
        change(replica, interval, next, windowEnd, by: -1)
    }

    @inline(__always)
    private mutating func change(
        _ replica: UInt8, _ interval: UInt8, _ next: Instant, _ windowEnd: Instant, by count: Int
    ) {
        let bin = Int(next.nanoseconds / 1_000_000_000) % intervals[Int(interval)]
        steady[Int(interval)][bin * replicas + Int(replica)] += Int32(count)
        if next < windowEnd { arrivals[Int(replica)] += count }
    }
}
