/// Encoded sub-messages, equal ones stored once and counted, within a limit of bytes.
struct EncodedPool: Sendable {
    private struct Entry: Sendable {
        /// Nothing where there was no room.
        var bytes: [UInt8]?
        var holders: Int
    }

    private var entries: [Fingerprint: Entry] = [:]
    private let limit: Int
    /// Bytes held now.
    private(set) var byteCount = 0

    init(limit: Int) {
        self.limit = limit
    }

    /// One more holder of these bytes; where they are new and there is no room for them, nothing is kept.
    mutating func retain(_ fingerprint: Fingerprint, _ bytes: [UInt8]) {
        guard fingerprint != .nothing else { return }
        if entries[fingerprint] != nil {
            entries[fingerprint]?.holders += 1
        } else if byteCount + bytes.count <= limit {
            entries[fingerprint] = Entry(bytes: bytes, holders: 1)
            byteCount += bytes.count
        } else {
            entries[fingerprint] = Entry(bytes: nil, holders: 1)
        }
    }

    /// One holder less; the last one takes the bytes along.
    mutating func release(_ fingerprint: Fingerprint) {
        guard let entry = entries[fingerprint] else { return }
        if entry.holders > 1 {
            entries[fingerprint]?.holders -= 1
        } else {
            entries[fingerprint] = nil
            byteCount -= entry.bytes?.count ?? 0
        }
    }

    func bytes(_ fingerprint: Fingerprint) -> [UInt8]? {
        entries[fingerprint]?.bytes
    }
}
