public import Basis
public import OpAMP

/// Why a notice cannot be posted. The caller is at fault.
public enum NoticeError: Error, Hashable, Sendable {
    /// The server does not have the custom capability; add it to the plan.
    case unknownCapability(String)
    /// The message would be larger than the plan's limit.
    case tooLarge(byteCount: Int, limit: Int)
}

extension NoticeError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownCapability(let name):
            "the server does not have the custom capability \(name); add it to the plan's custom capabilities"
        case .tooLarge(let count, let limit):
            "the custom message has \(count) bytes and \(limit) are allowed; say less or raise the plan's message limit"
        }
    }
}

extension Registry {
    /// Tells the agents meant to restart: those that are connected now, those that poll with their next poll.
    public mutating func restart(_ selection: Selection = .all, at now: Instant, _ effects: inout ServerEffects) {
        notices.post(.restart, for: selection)
        startPush(at: now, &effects)
    }

    /// Sends a custom message to the agents meant that have its capability: those that are connected now, those that
    /// poll with one of their next polls.
    public mutating func send(
        _ message: CustomMessage, to selection: Selection = .all, at now: Instant, _ effects: inout ServerEffects
    ) throws(NoticeError) {
        guard plan.customCapabilities.contains(message.capability) else {
            throw .unknownCapability(message.capability)
        }
        let size = message.encodedSize
        guard size + 256 <= plan.messageLimit else { throw .tooLarge(byteCount: size, limit: plan.messageLimit) }
        notices.post(.custom(message), for: selection)
        startPush(at: now, &effects)
    }

    /// Takes the next notice that the agent has not received and is meant to receive, and marks it received.
    mutating func nextNotice(for index: Int) -> PostedNotice? {
        let record = agents.records[index]
        guard record.noticed != notices.latest else { return nil }
        let notice = notices.next(after: record.noticed) { notice in isMeant(notice, record) }
        agents.records[index].noticed = notice?.number ?? notices.latest
        switch notice?.notice {
        case .restart: counts.restarts += 1
        case .custom: counts.customSent += 1
        case nil: break
        }
        return notice
    }

    private func isMeant(_ notice: PostedNotice, _ record: AgentRecord) -> Bool {
        switch notice.notice {
        case .restart: guard record.capabilities.contains(.acceptsRestartCommand) else { return false }
        case .custom(let message):
            guard record.customCapabilities?.cells.contains(message.capability) == true else { return false }
        }
        return notice.selection.contains(record.uid) { key in labels.text(record.labels, key: key) }
    }

    /// Tells a connected agent all that it has not received, each in a message of its own.
    mutating func pushNotices(
        to index: Int, on slot: Int, _ id: ConnectionID, at now: Instant, _ effects: inout ServerEffects
    ) {
        while let notice = nextNotice(for: index) {
            let extra = AnswerExtra(notice.parts)
            push(Answer(uid: agents.records[index].uid, kind: .push, extra: extra), on: slot, id, at: now, &effects)
        }
    }

    /// The next notice for a polling agent.
    /// - Returns: Whether it is a command, which has to be the only content (spec: ServerToAgent.command).
    mutating func addNotice(to index: Int, _ parts: inout AnswerExtra.Parts) -> Bool {
        guard let notice = nextNotice(for: index) else { return false }
        parts.command = notice.parts.command
        parts.customMessage = notice.parts.customMessage
        return parts.command != nil
    }
}

extension PostedNotice {
    var parts: AnswerExtra.Parts {
        switch notice {
        case .restart: AnswerExtra.Parts(command: encoded)
        case .custom: AnswerExtra.Parts(customMessage: encoded)
        }
    }
}
