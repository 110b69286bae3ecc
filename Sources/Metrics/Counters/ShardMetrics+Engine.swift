public import Basis
public import Engine

extension ShardMetrics {
    /// A segment was handed to an agent's link.
    public func enteredLink(_ span: Nanoseconds, losses: Int) {
        record(.linkDelay, span)
        count(.linkSegments)
        count(.linkMicroseconds, Int(clamping: span.count / 1_000))
        if losses > 0 { count(.linkLosses, losses) }
    }

    /// Counts what a shard's engine has done with TLS since the last time.
    ///
    /// - Parameter former: the shard's counters then, replaced by those of now.
    public func record(_ counters: TLSCounters, since former: inout TLSCounters) {
        guard counters != former else { return }
        func count(_ counter: Counter, _ path: KeyPath<TLSCounters, UInt64>) {
            self.count(counter, Int(counters[keyPath: path] &- former[keyPath: path]))
        }
        count(.tlsHandedOver, \.handedOver)
        count(.tlsKept, \.keptInAll)
        count(.tlsHandshakesDelayed, \.handshakesDelayed)
        count(.tlsFirstRecordsRefused, \.firstRecordsRefused)
        for (event, before) in zip(counters.events, former.events) where event.count != before.count {
            self.count(named: event.name, event.count &- before.count)
        }
        former = counters
    }
}
