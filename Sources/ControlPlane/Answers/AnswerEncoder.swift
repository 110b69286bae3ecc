internal import OpAMP

/// Writes answers straight into the effects' bytes, from parts that were encoded once for all agents.
///
/// The fields of ServerToAgent come in the order of their numbers, so the bytes equal those of `ServerToAgent.encode`.
struct AnswerEncoder: Sendable {
    let capabilities: ServerCapabilities
    /// The encoded CustomCapabilities; nil when the server has none.
    let customCapabilities: [UInt8]?

    /// Appends the answer; allocates only if `bytes` has to grow.
    func encode(_ answer: Answer, appendingTo bytes: inout [UInt8]) {
        if answer.extra == nil, !answer.greets, let uid = answer.uid {
            return Acknowledgement.encode(instanceUID: uid, flags: answer.flags, appendingTo: &bytes)
        }
        if let uid = answer.uid { Self.append(uid, field: Field.instanceUID, to: &bytes) }
        let parts = answer.extra?.parts
        if let parts {
            Self.append(parts.error, field: Field.errorResponse, to: &bytes)
            Self.append(parts.remoteConfig, field: Field.remoteConfig, to: &bytes)
            Self.append(parts.connectionSettings, field: Field.connectionSettings, to: &bytes)
            Self.append(parts.packages, field: Field.packagesAvailable, to: &bytes)
        }
        Self.append(answer.flags.rawValue, field: Field.flags, to: &bytes)
        if answer.greets { Self.append(capabilities.rawValue, field: Field.capabilities, to: &bytes) }
        if let parts {
            if let uid = parts.newUID {
                bytes.append(Field.agentIdentification << 3 | Wire.delimited)
                bytes.append(UInt8(2 + InstanceUID.byteCount))
                Self.append(uid, field: 1, to: &bytes)
            }
            Self.append(parts.command, field: Field.command, to: &bytes)
        }
        if answer.namesCustomCapabilities {
            Self.append(customCapabilities, field: Field.customCapabilities, to: &bytes)
        }
        if let parts { Self.append(parts.customMessage, field: Field.customMessage, to: &bytes) }
    }

    /// An upper bound of the answer's size in bytes.
    func sizeLimit(of answer: Answer) -> Int {
        var size = 128 + (answer.namesCustomCapabilities ? customCapabilities?.count ?? 0 : 0)
        guard let parts = answer.extra?.parts else { return size }
        let messages = [parts.error, parts.remoteConfig, parts.connectionSettings, parts.packages, parts.customMessage]
        for message in messages { size += (message?.count ?? 0) + 11 }
        return size
    }

    private static func append(_ uid: InstanceUID, field: UInt8, to bytes: inout [UInt8]) {
        bytes.append(field << 3 | Wire.delimited)
        bytes.append(UInt8(InstanceUID.byteCount))
        append(bigEndian: uid.high, to: &bytes)
        append(bigEndian: uid.low, to: &bytes)
    }

    private static func append(bigEndian word: UInt64, to bytes: inout [UInt8]) {
        var shift = 64
        while shift > 0 {
            shift -= 8
            bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
        }
    }

    private static func append(_ message: [UInt8]?, field: UInt8, to bytes: inout [UInt8]) {
        guard let message else { return }
        bytes.append(field << 3 | Wire.delimited)
        append(varint: UInt64(message.count), to: &bytes)
        bytes.append(contentsOf: message)
    }

    /// Nothing for zero, as Protocol Buffers has it.
    private static func append(_ number: UInt64, field: UInt8, to bytes: inout [UInt8]) {
        guard number != 0 else { return }
        bytes.append(field << 3 | Wire.varint)
        append(varint: number, to: &bytes)
    }

    private static func append(varint number: UInt64, to bytes: inout [UInt8]) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// The field numbers of ServerToAgent (spec: ServerToAgent Message).
    private enum Field {
        static let instanceUID: UInt8 = 1
        static let errorResponse: UInt8 = 2
        static let remoteConfig: UInt8 = 3
        static let connectionSettings: UInt8 = 4
        static let packagesAvailable: UInt8 = 5
        static let flags: UInt8 = 6
        static let capabilities: UInt8 = 7
        static let agentIdentification: UInt8 = 8
        static let command: UInt8 = 9
        static let customCapabilities: UInt8 = 10
        static let customMessage: UInt8 = 11
    }

    private enum Wire {
        static let varint: UInt8 = 0
        static let delimited: UInt8 = 2
    }
}
