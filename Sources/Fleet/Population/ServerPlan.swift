public import Basis
public import ControlPlane
import OpAMP

extension ServerPlan {
    /// How a profile's embedded server behaves in a run of the given duration that started at `runStart`.
    /// - Parameter events: the run's; the server is able to do what they ask of it.
    public init(
        embedded: EmbeddedServer, duration: Nanoseconds, runStart: Instant, events: [TimedEvent] = []
    ) {
        self.init()
        heartbeatInterval = embedded.heartbeatInterval
        answerDelay = embedded.answerDelay
        pauses = embedded.pauses.map { pause in
            let start = runStart + pause.at.offset(in: duration)
            return Pause(from: start, until: start + pause.length)
        }
        if let share = embedded.throttle {
            throttle = Throttle(share: share.share, retryAfter: share.retryAfter)
        }
        echoesSequence = embedded.echoesSequence
        if let refuse = embedded.refuse {
            let seconds = refuse.retryAfter.map { UInt32(clamping: $0.count / 1_000_000_000) }
            refusals = Refusals(
                share: refuse.share, status: UInt16(clamping: refuse.status), retryAfterSeconds: seconds)
        }
        if let drop = embedded.drop {
            drops = ConnectionDrops(share: drop.share, after: drop.after)
        }
        for event in events {
            for attribute in event.action.target?.attributes ?? [] where !labels.contains(attribute.key) {
                labels.append(attribute.key)
            }
            if case .sendCustom(let word, _) = event.action, !customCapabilities.contains(word.message.capability) {
                customCapabilities.append(word.message.capability)
            }
        }
    }
}
