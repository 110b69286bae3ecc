import Basis

/// A report that waits for its answer.
struct OutstandingReport: Hashable, Sendable {
    let dueAt: Instant
    let sentAt: Instant
    let kind: ReportKind
}

/// The reports of one connection that wait for their answers, oldest first. One, the usual number, needs no memory of
/// its own.
struct OutstandingReports: Hashable, Sendable {
    /// A server that is so far behind will not catch up; the oldest is then given up to bound the memory.
    static let limit = 64

    private(set) var oldest: OutstandingReport?
    private var later: [OutstandingReport] = []

    var count: Int { oldest == nil ? 0 : 1 + later.count }
    var isEmpty: Bool { oldest == nil }

    /// Adds the report that was just sent.
    /// - Returns: The report that was given up for it, where there were too many.
    mutating func append(_ report: OutstandingReport) -> OutstandingReport? {
        guard oldest != nil else {
            oldest = report
            return nil
        }
        later.append(report)
        return count > Self.limit ? removeOldest() : nil
    }

    mutating func removeOldest() -> OutstandingReport? {
        let report = oldest
        oldest = later.isEmpty ? nil : later.removeFirst()
        return report
    }

    mutating func removeAll() {
        oldest = nil
        later = []
    }
}
