public import Basis
public import ControlPlane

extension ServerPlan {
    /// How a profile's embedded server behaves in a run of the given duration that started at `runStart`.
    public init(embedded: EmbeddedServer, duration: Nanoseconds, runStart: Instant) {
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
        if let refuse = embedded.refuse {
            let seconds = refuse.retryAfter.map { UInt32(clamping: $0.count / 1_000_000_000) }
            refusals = Refusals(
                share: refuse.share, status: UInt16(clamping: refuse.status), retryAfterSeconds: seconds)
        }
        if let drop = embedded.drop {
            drops = ConnectionDrops(share: drop.share, after: drop.after)
        }
    }
}
