/// The answer to a report that needs nothing more than one (spec: ServerToAgent Message).
public enum Acknowledgement {
    /// Appends an acknowledgement's bytes, at most 40 of them. No allocation while `bytes` has room.
    ///
    /// The bytes are those of a `ServerToAgent` with the same three fields; empty ones take no room.
    public static func encode(
        instanceUID: InstanceUID, flags: ServerToAgentFlags = [], capabilities: ServerCapabilities = [],
        appendingTo bytes: inout [UInt8]
    ) {
        Fields(instanceUID: instanceUID, flags: flags, capabilities: capabilities).append(to: &bytes)
    }

    private struct Fields: FieldListing {
        let instanceUID: InstanceUID
        let flags: ServerToAgentFlags
        let capabilities: ServerCapabilities

        @inline(__always)
        func visit(_ visitor: inout some FieldVisitor) {
            visitor.optionSet(7, capabilities)
            visitor.optionSet(6, flags)
            visitor.member(1, instanceUID)
        }
    }
}
