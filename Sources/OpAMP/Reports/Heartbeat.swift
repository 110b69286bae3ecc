/// The report that real clients send to say that they are still there: who, the sequence number, the capabilities
/// (spec: OpAMPConnectionSettings.heartbeat_interval_seconds).
public enum Heartbeat {
    /// Appends a heartbeat's bytes, at most 40 of them. No allocation while `bytes` has room.
    ///
    /// The bytes are those of an `AgentToServer` with the same three fields.
    public static func encode(
        instanceUID: InstanceUID, sequenceNumber: UInt64, capabilities: AgentCapabilities,
        appendingTo bytes: inout [UInt8]
    ) {
        Fields(instanceUID: instanceUID, sequenceNumber: sequenceNumber, capabilities: capabilities)
            .append(to: &bytes)
    }

    private struct Fields: FieldListing {
        let instanceUID: InstanceUID
        let sequenceNumber: UInt64
        let capabilities: AgentCapabilities

        @inline(__always)
        func visit(_ visitor: inout some FieldVisitor) {
            visitor.optionSet(4, capabilities)
            visitor.uint64(2, sequenceNumber)
            visitor.member(1, instanceUID)
        }
    }
}
