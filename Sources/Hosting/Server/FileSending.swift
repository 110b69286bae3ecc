import Basis

/// The body of a package's file on its way to a client, a piece at a time, so that no more than a piece waits in
/// memory.
final class FileSending {
    let reader: FileReader
    var remaining: Int
    /// How many bytes are still sent before the connection is broken off on purpose; nil: it is not.
    var breakAfter: Int?
    var pace: BandwidthLimit
    /// When more may be sent.
    var resumeAt = Instant.zero

    init(_ reader: FileReader, count: Int, flaws: PackageStore.Flaws, breaks: Bool) {
        self.reader = reader
        remaining = count
        breakAfter = breaks ? flaws.breakAfter : nil
        pace = BandwidthLimit(flaws.bandwidth)
    }
}
