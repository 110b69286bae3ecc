internal import OpAMP

/// A reply or a push before it is encoded. It is complete: sending it later needs no look-up.
struct Answer: Sendable {
    /// The agent it is for; none for a report whose uid could not be read.
    var uid: InstanceUID?
    var kind: AnswerKind
    var flags: ServerToAgentFlags = []
    /// Whether the server's capabilities are in it.
    var greets = false
    /// Whether the server's custom capabilities are in it.
    var namesCustomCapabilities = false
    /// What few answers have.
    var extra: AnswerExtra?

    static func acknowledgement(_ uid: InstanceUID) -> Answer {
        Answer(uid: uid, kind: .acknowledgement)
    }

    static func error(_ uid: InstanceUID?, _ error: AnswerExtra) -> Answer {
        Answer(uid: uid, kind: .error, extra: error)
    }
}

/// The content of an answer besides an acknowledgement, as encoded messages without tag and length.
final class AnswerExtra: Sendable {
    struct Parts: Sendable {
        var error: [UInt8]?
        var remoteConfig: [UInt8]?
        var connectionSettings: [UInt8]?
        var packages: [UInt8]?
        var newUID: InstanceUID?
        var command: [UInt8]?
        var customMessage: [UInt8]?

        var isEmpty: Bool {
            error == nil && remoteConfig == nil && connectionSettings == nil && packages == nil && newUID == nil
                && command == nil && customMessage == nil
        }
    }

    let parts: Parts

    init(_ parts: Parts) {
        self.parts = parts
    }

    convenience init(error: ServerErrorResponse) {
        self.init(Parts(error: error.encoded()))
    }
}
