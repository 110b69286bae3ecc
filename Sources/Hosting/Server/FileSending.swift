import Basis

/// Sends the body of a package's file to a client piece by piece, so that only one piece is in memory.
final class FileSending {
    let reader: FileReader
    var remaining: Int
    /// How many bytes are still sent before the connection is broken on purpose; nil: it is not.
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
