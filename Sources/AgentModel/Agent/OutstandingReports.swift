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
    /// Limits the memory when a server no longer answers: above it, the oldest report is abandoned.
    static let limit = 64

    private(set) var oldest: OutstandingReport?
    private var later: [OutstandingReport] = []

    var count: Int { oldest == nil ? 0 : 1 + later.count }
    var isEmpty: Bool { oldest == nil }

    /// Adds the report that was just sent.
    /// - Returns: The report that was abandoned for it, if the limit was reached.
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
