internal import OpAMP

/// Encodes answers directly into the effects' bytes, from parts that were encoded once for all agents.
struct AnswerEncoder: Sendable {
    let capabilities: ServerCapabilities
    /// The encoded CustomCapabilities; nil when the server has none.
    let customCapabilities: [UInt8]?

    /// Appends the answer; allocates only if `bytes` has to grow, or for a new instance uid.
    func encode(_ answer: Answer, appendingTo bytes: inout [UInt8]) {
        if answer.extra == nil, !answer.greets, let uid = answer.uid {
            return Acknowledgement.encode(instanceUID: uid, flags: answer.flags, appendingTo: &bytes)
        }
        let parts = answer.extra?.parts
        EncodedAnswer.encode(
            instanceUID: answer.uid.map { .uid($0) } ?? .absent,
            errorResponse: parts?.error,
            remoteConfig: parts?.remoteConfig,
            connectionSettings: parts?.connectionSettings,
            packagesAvailable: parts?.packages,
            flags: answer.flags,
            capabilities: answer.greets ? capabilities : [],
            agentIdentification: parts?.newUID.map { AgentIdentification(newInstanceUID: .uid($0)).encoded() },
            command: parts?.command,
            customCapabilities: answer.namesCustomCapabilities ? customCapabilities : nil,
            customMessage: parts?.customMessage,
            appendingTo: &bytes)
    }

    /// An upper bound of the answer's size in bytes.
    func sizeLimit(of answer: Answer) -> Int {
        var size = 128 + (answer.namesCustomCapabilities ? customCapabilities?.count ?? 0 : 0)
        guard let parts = answer.extra?.parts else { return size }
        let messages = [parts.error, parts.remoteConfig, parts.connectionSettings, parts.packages, parts.customMessage]
        for message in messages { size += (message?.count ?? 0) + 11 }
        return size
    }
}
