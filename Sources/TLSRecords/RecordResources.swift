/// What the connections of one thread share: the AEAD, the key schedule, the memory of their keys, and the counts.
///
/// Confined to one thread; it must outlive every `RecordLayer` made with it.
public final class RecordResources {
    let ciphers: RecordCiphers
    let keySchedule = KeySchedule()
    var memory = RecordMemory()
    /// What happened since the start.
    public internal(set) var counts = RecordCounts()

    public convenience init() {
        self.init(byEVP: false)
    }

    /// With OpenSSL's EVP functions in place of its provider's. For tests.
    package init(byEVP: Bool) {
        ciphers = RecordCiphers(byEVP: byEVP)
    }

    /// Bytes of the buffers that hold records of which a part has come.
    public var bytesInPieces: Int { memory.bufferBytesInUse }
    /// Connections.
    public var connections: Int { memory.blocksInUse }
}
