import Basis

extension RolloutDecision: CustomStringConvertible {
    /// A line of the log, without its time.
    public var description: String {
        switch kind {
        case .began(let agents): "rollout to \(agents) agents begins"
        case .stageBegan(let stage, let agents): "\(Self.name(stage)) begins: \(agents) agents"
        case .soakBegan(let stage, let until): "\(Self.name(stage)): all answered or timed out, watched until \(until)"
        case .canaryPassedEarly(let figures): "canary passes early: \(figures)"
        case .stagePassed(let stage, let tally): "\(Self.name(stage)) passes: \(tally)"
        case .windowAwaited(let stage, let until): "\(Self.name(stage)): the time window opens at \(until)"
        case .approvalAwaited(let stage): "\(Self.name(stage)) waits for an operator"
        case .stopped(let stage, let reason, let tally): "stopped in \(Self.name(stage)) by \(reason): \(tally)"
        case .paused(let stage): "paused in \(Self.name(stage))"
        case .resumed(let stage): "resumed in \(Self.name(stage))"
        case .aborted(let stage, let tally): "aborted in \(Self.name(stage)): \(tally)"
        case .rollingBack(let agents): "\(agents) agents are offered the former revision"
        case .rolledBack(let restored, let unreached): "rolled back: \(restored) agents, \(unreached) not reached"
        case .reordered(let remaining, let heldBack): "order by risk: \(remaining) agents remain, \(heldBack) are risky"
        case .finished(let tally): "finished: \(tally)"
        }
    }

    private static func name(_ stage: Int) -> String { "stage \(stage + 1)" }

    /// A hash of the decision with its time and figures. Equal decisions have equal hashes on every machine.
    public var fingerprint: UInt64 {
        var hash = FNV1a()
        var writer = StateWriter()
        writer.add(at.nanoseconds)
        for byte in writer.bytes { hash.add(byte) }
        // Every figure is in the text.
        for byte in description.utf8 { hash.add(byte) }
        return hash.value
    }
}

extension RolloutDecision.Reason: CustomStringConvertible {
    public var description: String {
        switch self {
        case .gate(let index, let figures): "gate \(index + 1) (\(figures))"
        case .canaryTest(let figures): "the canary test (\(figures))"
        case .stageTimeout: "the stage's timeout"
        case .noProgress: "lack of progress"
        case .operatorCommand: "the operator"
        }
    }
}

extension GateFigures: CustomStringConvertible {
    public var description: String {
        let others = otherSample > 0 ? "; not updated: \(otherFaulty) of \(otherSample)" : ""
        return "\(faulty) of \(sample)\(others)"
    }
}

extension CanaryFigures: CustomStringConvertible {
    public var description: String {
        let thousandths = "\(evidence % 1_000)"
        let value = "\(evidence / 1_000)." + String(repeating: "0", count: 3 - thousandths.count) + thousandths
        return "\(failures) failures of \(updated) updated agents, \(otherFailures) of the others, e-value \(value)"
    }
}

extension RolloutTally: CustomStringConvertible {
    public var description: String {
        let all = [
            (offered, "offered"), (applied, "applied"), (inFlight, "in flight"), (failed, "failed"),
            (mismatched, "mismatched"), (noAnswer, "without answer"), (unhealthySince, "unhealthy"),
            (disconnectedSince, "disconnected"), (broken, "broken"), (skipped, "left out"), (takenBack, "taken back"),
            (restored, "restored"),
        ]
        let parts = all.enumerated().filter { $0.offset < 2 || $0.element.0 > 0 }.map {
            "\($0.element.0) \($0.element.1)"
        }
        return parts.joined(separator: ", ")
    }
}
