public import OpAMP

/// A message that is sent once to each agent that it is for, and not to agents that connect later.
public enum Notice: Equatable, Sendable {
    /// Restart, for agents that accept the command (spec: ServerToAgentCommand Message).
    case restart
    /// For agents that have its capability, from a server that has it too (spec: CustomMessage).
    case custom(CustomMessage)
}

/// A notice as it is stored on the board.
struct PostedNotice: Sendable {
    var number: UInt32
    var notice: Notice
    var selection: Selection
    /// The command or the custom message, without tag and length.
    var encoded: [UInt8]
}

/// The latest notices, in the order in which they were posted.
///
/// A connected agent gets a notice at once; a polling one gets them in its next answers, one in each. Its record has
/// the number of the last one, so it may poll on any shard, as long as each shard's registry has the same notices in
/// the same order.
struct NoticeBoard: Sendable {
    /// Notices that are remembered for agents that poll; beyond them the oldest are forgotten. More in one polling
    /// interval would be no use to anybody.
    static let limit = 64

    private(set) var posted: [PostedNotice] = []
    /// The number of the latest one; 0 before the first.
    private(set) var latest: UInt32 = 0

    mutating func post(_ notice: Notice, for selection: Selection) {
        latest &+= 1
        let encoded =
            switch notice {
            case .restart: ServerToAgentCommand(type: .restart).encoded()
            case .custom(let message): message.encoded()
            }
        if posted.count == Self.limit { posted.removeFirst() }
        posted.append(PostedNotice(number: latest, notice: notice, selection: selection, encoded: encoded))
    }

    /// The first one after `number` that satisfies the condition.
    func next(after number: UInt32, where isMeant: (PostedNotice) -> Bool) -> PostedNotice? {
        posted.first { $0.number > number && isMeant($0) }
    }
}
