import Basis

// The state of a rollout as bytes: what a server that starts again continues from.

extension RolloutController {
    private static let version: UInt32 = 1

    /// The whole state as bytes: 4 bytes an agent, 4 more where the order was computed again, and a checksum.
    /// Linear in the agents.
    public func snapshot() -> [UInt8] {
        var writer = StateWriter()
        writer.add(Self.version)
        writer.add(planFingerprint)
        writer.add(fleetFingerprint)
        var bytes = writer.bytes + stateBytes
        var checksum = StateWriter()
        checksum.add(FNV1a.hash(bytes))
        bytes += checksum.bytes
        return bytes
    }

    /// The state alone.
    var stateBytes: [UInt8] {
        var writer = StateWriter()
        store(state, &writer)
        writer.add(began?.nanoseconds)
        writer.add(ended?.nanoseconds)
        writer.add(now.nanoseconds)
        writer.add(nextPosition)
        writer.add(unreached)
        writer.add(reorderedAt)
        writer.add(reorderedAt > 0 ? order : [])
        writer.add(rows.map(\.raw))
        writer.add(rows.map(\.stage))
        tally.store(&writer)
        writer.add(stageTallies.count)
        for tally in stageTallies { tally.store(&writer) }
        writer.add(stage != nil)
        timers.store(&writer)
        observed.store(&writer)
        pace.store(&writer)
        deadlines.store(&writer)
        for gate in gates { gate.store(&writer) }
        writer.add(canaryTest != nil)
        canaryTest?.store(&writer)
        predictor?.store(&writer)
        components?.store(&writer)
        return writer.bytes
    }

    /// Continues from a snapshot, with the plan and the fleet that the rollout began with.
    public init(
        snapshot bytes: [UInt8], plan: RolloutPlan, fleet: RolloutFleet, seed: UInt64? = nil,
        revision: Revision = Revision(1), former: Revision = .initial
    ) throws(SnapshotError) {
        self.init(plan: plan, fleet: fleet, seed: seed, revision: revision, former: former)
        guard bytes.count > 8 else { throw .damaged }
        let body = bytes.dropLast(8)
        var end = StateReader(bytes.suffix(8))
        guard try end.word(UInt64.self) == FNV1a.hash(body) else { throw .damaged }
        var reader = StateReader(body)
        guard try reader.word(UInt32.self) == Self.version else { throw .otherVersion }
        guard try reader.word(UInt64.self) == planFingerprint else { throw .otherPlan }
        guard try reader.word(UInt64.self) == fleetFingerprint else { throw .otherFleet }
        try restore(&reader)
        guard reader.isAtEnd else { throw .damaged }
    }

    private mutating func restore(_ reader: inout StateReader) throws(SnapshotError) {
        let state = try Self.state(&reader)
        began = try reader.optional().map { Instant(nanoseconds: $0) }
        ended = try reader.optional().map { Instant(nanoseconds: $0) }
        now = Instant(nanoseconds: try reader.word())
        nextPosition = try reader.int()
        unreached = try reader.int()
        reorderedAt = try reader.int()
        let changed = try reader.list(UInt32.self)
        if !changed.isEmpty { order = changed }
        let (bits, stages) = (try reader.list(UInt16.self), try reader.list(UInt16.self))
        guard bits.count == rows.count, stages.count == rows.count, (0...order.count).contains(nextPosition),
            order.allSatisfy({ $0 < rows.count })
        else { throw .damaged }
        for index in rows.indices { rows[index] = AgentRow(bits: bits[index], stage: stages[index]) }
        try tally.restore(&reader)
        let count = try reader.int()
        guard (0...StageSequence.maxStages + 1_001).contains(count) else { throw .damaged }
        stageTallies = []
        for _ in 0..<count {
            var tally = RolloutTally()
            try tally.restore(&reader)
            stageTallies.append(tally)
        }
        if try reader.flag() {
            // The stages follow from the plan.
            for _ in 0..<count { stage = self.stages.stage(after: stage) ?? stage }
        }
        try timers.restore(&reader)
        try observed.restore(&reader)
        try pace.restore(&reader)
        try deadlines.restore(&reader, limit: order.count)
        for index in gates.indices { try gates[index].restore(&reader) }
        if try reader.flag() { try canaryTest?.restore(&reader) } else { canaryTest = nil }
        try predictor?.restore(&reader)
        try components?.restore(&reader)
        self.state = state
    }

    private var planFingerprint: UInt64 {
        var hash = FNV1a()
        for byte in plan.resolvedYAML.utf8 { hash.add(byte) }
        var rest = StateWriter()
        rest.add(seed)
        rest.add(revision.number)
        rest.add(former.number)
        for byte in rest.bytes { hash.add(byte) }
        return hash.value
    }

    private var fleetFingerprint: UInt64 {
        var hash = FNV1a()
        var counts = StateWriter()
        counts.add(fleet.count)
        counts.add(order.count)
        for byte in counts.bytes { hash.add(byte) }
        for column in fleet.columns {
            for byte in column.name.utf8 { hash.add(byte) }
            for byte in column.indexes { hash.add(byte) }
        }
        return hash.value
    }

    // MARK: State

    private func store(_ state: RolloutState, _ writer: inout StateWriter) {
        func add(_ kind: UInt8, _ words: UInt64...) {
            writer.add(kind)
            writer.add(words)
        }
        switch state {
        case .notBegun: add(0)
        case .offering(let stage): add(1, UInt64(stage))
        case .soaking(let stage, let until): add(2, UInt64(stage), until.nanoseconds)
        case .waiting(let stage, let until): add(3, UInt64(stage), until.nanoseconds)
        case .paused(let stage, .operatorCommand): add(4, UInt64(stage))
        case .paused(let stage, .approval): add(5, UInt64(stage))
        case .paused(let stage, .failure): add(6, UInt64(stage))
        case .finishing(let stage): add(7, UInt64(stage))
        case .rollingBack: add(8)
        case .ended(.finished): add(9)
        case .ended(.aborted(let stage)): add(10, UInt64(stage))
        case .ended(.rolledBack(let stage, let unreached)): add(11, UInt64(stage), UInt64(unreached))
        }
    }

    private static func state(_ reader: inout StateReader) throws(SnapshotError) -> RolloutState {
        let kind = try reader.word(UInt8.self)
        let words = try reader.list(UInt64.self)
        let first = words.first.map { Int(clamping: $0) } ?? 0
        let until = Instant(nanoseconds: words.count > 1 ? words[1] : 0)
        switch kind {
        case 0: return .notBegun
        case 1: return .offering(stage: first)
        case 2: return .soaking(stage: first, until: until)
        case 3: return .waiting(stage: first, until: until)
        case 4: return .paused(stage: first, .operatorCommand)
        case 5: return .paused(stage: first, .approval)
        case 6: return .paused(stage: first, .failure)
        case 7: return .finishing(stage: first)
        case 8: return .rollingBack
        case 9: return .ended(.finished)
        case 10: return .ended(.aborted(stage: first))
        case 11: return .ended(.rolledBack(stage: first, unreached: Int(clamping: until.nanoseconds)))
        default: throw .damaged
        }
    }
}

extension RolloutTally {
    /// The figures in one order.
    private static var fields: [WritableKeyPath<RolloutTally, Int>] {
        [
            \.offered, \.inFlight, \.applied, \.failed, \.mismatched, \.noAnswer, \.unhealthySince, \.disconnectedSince,
            \.broken, \.skipped, \.takenBack, \.restored,
        ]
    }

    func store(_ writer: inout StateWriter) { for field in Self.fields { writer.add(self[keyPath: field]) } }

    mutating func restore(_ reader: inout StateReader) throws(SnapshotError) {
        for field in Self.fields { self[keyPath: field] = try reader.int() }
    }
}

extension ObservedCounts {
    private static var fields: [WritableKeyPath<ObservedCounts, Int>] {
        [
            \.waiting, \.waitingUnhealthy, \.waitingDisconnected, \.unhealthy, \.disconnected, \.stageUnhealthy,
            \.stageDisconnected,
        ]
    }

    func store(_ writer: inout StateWriter) { for field in Self.fields { writer.add(self[keyPath: field]) } }

    mutating func restore(_ reader: inout StateReader) throws(SnapshotError) {
        for field in Self.fields { self[keyPath: field] = try reader.int() }
    }
}

extension StageTimers {
    func store(_ writer: inout StateWriter) {
        writer.add(stageHasBegun)
        writer.add(stageBegan.nanoseconds)
        writer.add(progress.nanoseconds)
    }

    mutating func restore(_ reader: inout StateReader) throws(SnapshotError) {
        stageHasBegun = try reader.flag()
        stageBegan = Instant(nanoseconds: try reader.word())
        progress = Instant(nanoseconds: try reader.word())
    }
}

extension OfferPace {
    func store(_ writer: inout StateWriter) {
        writer.add(rate)
        writer.add(stageRate)
        writer.add(next.nanoseconds)
        writer.add(counted)
    }

    mutating func restore(_ reader: inout StateReader) throws(SnapshotError) {
        let (rate, stageRate) = (try reader.optionalDouble(), try reader.optionalDouble())
        let next = Instant(nanoseconds: try reader.word())
        restore(rate: rate, stageRate: stageRate, next: next, counted: try reader.int())
    }
}

extension OfferDeadlines {
    func store(_ writer: inout StateWriter) {
        writer.add(timeout.count)
        writer.add(remainingSpans.count)
        for span in remainingSpans {
            writer.add(span.positions.lowerBound)
            writer.add(span.positions.upperBound)
            writer.add(span.at.nanoseconds)
            writer.add(span.over.count)
        }
        writer.add(position)
        writer.add(entries.items.count)
        for entry in entries.items {
            writer.add(entry.at.nanoseconds)
            writer.add(entry.agent)
            writer.add(entry.attempt)
            writer.add(entry.isOffer)
        }
    }

    mutating func restore(_ reader: inout StateReader, limit: Int) throws(SnapshotError) {
        let timeout = Nanoseconds(try reader.word())
        var spans: [Span] = []
        for _ in 0..<(try count(&reader)) {
            let (low, high) = (try reader.int(), try reader.int())
            guard low >= 0, low < high, high <= limit else { throw .damaged }
            let at = Instant(nanoseconds: try reader.word())
            spans.append(Span(positions: low..<high, at: at, over: Nanoseconds(try reader.word())))
        }
        let position = try reader.int()
        var entries: [Entry] = []
        for _ in 0..<(try count(&reader)) {
            let (at, agent) = (Instant(nanoseconds: try reader.word()), try reader.word(UInt32.self))
            entries.append(
                Entry(at: at, agent: agent, attempt: try reader.word(UInt8.self), isOffer: try reader.flag()))
        }
        self = OfferDeadlines(timeout: timeout, spans: spans, position: position, entries: entries)
    }

    private func count(_ reader: inout StateReader) throws(SnapshotError) -> Int {
        let count = try reader.int()
        guard (0...100_000_000).contains(count) else { throw .damaged }
        return count
    }
}

extension GateState {
    func store(_ writer: inout StateWriter) {
        faults.store(&writer)
        answers.store(&writer)
        otherFaults.store(&writer)
        writer.add(ignoredFaults)
        writer.add(ignoredSample)
        writer.add(exceeded)
        writer.add(wasExceeded)
        writer.add(nextLook?.nanoseconds)
    }

    mutating func restore(_ reader: inout StateReader) throws(SnapshotError) {
        try faults.restore(&reader)
        try answers.restore(&reader)
        try otherFaults.restore(&reader)
        ignoredFaults = try reader.int()
        ignoredSample = try reader.int()
        exceeded = try reader.int()
        wasExceeded = try reader.flag()
        nextLook = try reader.optional().map { Instant(nanoseconds: $0) }
    }
}

extension SlidingCount {
    func store(_ writer: inout StateWriter) {
        writer.add(counts)
        writer.add(newest)
    }

    mutating func restore(_ reader: inout StateReader) throws(SnapshotError) {
        let counts = try reader.list(UInt32.self)
        guard counts.count == self.counts.count else { throw .damaged }
        restore(counts: counts, newest: try reader.word())
    }
}

extension RiskPredictor {
    func store(_ writer: inout StateWriter) {
        for list in answers + failures { writer.add(list) }
        writer.add(totalAnswers)
        writer.add(totalFailures)
    }

    mutating func restore(_ reader: inout StateReader) throws(SnapshotError) {
        var (answers, failures) = (self.answers, self.failures)
        for index in answers.indices { answers[index] = try list(&reader, answers[index].count) }
        for index in failures.indices { failures[index] = try list(&reader, failures[index].count) }
        restore(answers: answers, failures: failures, totals: (try reader.int(), try reader.int()))
    }

    private func list(_ reader: inout StateReader, _ count: Int) throws(SnapshotError) -> [UInt32] {
        let list = try reader.list(UInt32.self)
        guard list.count == count else { throw .damaged }
        return list
    }
}
