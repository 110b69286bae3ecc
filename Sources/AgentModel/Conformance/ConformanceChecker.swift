public import Basis
public import OpAMP

/// Sits between an agent, or several on one connection, and any server, sees the messages of both directions, and knows
/// what the specification asks of the agent's side. It judges from the agent's end: what it receives has reached the
/// agent.
///
/// For tests, and for runs that switch it on: every message is decoded in full.
public struct ConformanceChecker {
    /// The violations found, up to `limit`; further ones are only counted.
    public private(set) var violations: [Violation] = []
    /// How often each rule was broken.
    public private(set) var counts: [ConformanceRule: Int] = [:]

    /// Limits the memory that examples use.
    public static let limit = 100
    /// A connection with more agents than this is watched for the first ones only.
    public static let agentLimit = 1_000

    private let maximumBytes: Int
    private let tolerance: Nanoseconds
    private var agents: [InstanceUID: ObservedAgent] = [:]
    private var isOpen = false
    /// The client may not connect again before this.
    private var retryNotBefore: Instant = .zero

    /// - Parameters:
    ///   - maximumBytes: the size limit of a message, header included.
    ///   - tolerance: by how much a heartbeat may be late: what the tool and its clock may cost.
    public init(maximumBytes: Int = 64 * 1024 * 1024, tolerance: Nanoseconds = .seconds(1)) {
        self.maximumBytes = maximumBytes
        self.tolerance = tolerance
    }

    /// Whether no rule has been broken yet.
    public var isConformant: Bool { counts.isEmpty }

    /// A connection is open.
    public mutating func opened(at now: Instant) {
        if isOpen { note(.singleConnection, "a second connection") }
        isOpen = true
        if now < retryNotBefore { note(.retryTimeHonoured, "back \(retryNotBefore - now) too early") }
        retryNotBefore = .zero
        for uid in agents.keys { agents[uid]?.connectionOpened() }
    }

    /// The client closes the connection with a WebSocket Close.
    public mutating func closedByClient() {
        for (uid, record) in agents where isOpen && record.isOnConnection && !record.sentAgentDisconnect {
            note(.disconnectBeforeClose, "\(uid) closes without AgentDisconnect")
        }
    }

    /// The connection is gone, however it ended.
    public mutating func gone() {
        isOpen = false
    }

    /// The agent's process has started again: everything except its identity is forgotten.
    public mutating func restarted(_ uid: InstanceUID) {
        agents[uid]?.processRestarted()
    }

    /// The agent sends `bytes`, an AgentToServer without the WebSocket message header.
    public mutating func sent(_ bytes: [UInt8], at now: Instant) {
        if bytes.count >= maximumBytes { note(.withinSizeLimit, "\(bytes.count) bytes") }
        let report: AgentToServer
        do {
            report = try AgentToServer(decoding: bytes, limits: DecodingLimits(byteCount: .max))
        } catch {
            return note(.readable, "\(error)")
        }
        guard case .uid(let uid) = report.instanceUID else { return note(.instanceUID, "\(report.instanceUID)") }
        var record = agents[uid] ?? renamed(to: uid) ?? ObservedAgent()
        guard agents.count < Self.agentLimit || agents[uid] != nil else { return }
        var found: [Violation] = []
        record.check(report, uid: uid, tolerance: tolerance, at: now, &found)
        agents[uid] = record
        for violation in found { note(violation.rule, violation.detail) }
    }

    /// The record of an agent that the server gave this uid; it continues under the new one.
    private mutating func renamed(to uid: InstanceUID) -> ObservedAgent? {
        guard let former = agents.first(where: { $0.value.assignedUID == uid })?.key, var record = agents[former] else {
            return nil
        }
        record.assignedUID = nil
        agents[former] = nil
        return record
    }

    /// The agent receives `answer`.
    public mutating func received(_ answer: ServerToAgent, at now: Instant) {
        // An answer without an instance uid is for the only agent on the connection.
        let uid = answer.instanceUID.uid ?? (agents.count == 1 ? agents.keys.first : nil)
        guard let uid, var record = agents[uid] else { return }
        if let error = answer.errorResponse, case .unavailable = error.type, let retry = error.retryInfo {
            retryNotBefore = now + Nanoseconds(Int64(clamping: retry.retryAfterNanoseconds))
        }
        record.receive(answer, at: now)
        agents[uid] = record
    }

    private mutating func note(_ rule: ConformanceRule, _ detail: String) {
        counts[rule, default: 0] += 1
        if violations.count < Self.limit { violations.append(Violation(rule: rule, detail: detail)) }
    }
}
