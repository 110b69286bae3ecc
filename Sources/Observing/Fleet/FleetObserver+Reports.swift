import AgentModel
public import Basis
import OpAMP
import OrderedCollections

extension FleetObserver {
    /// How a report was sent.
    public struct Sending: Sendable {
        /// The coding of a request's body, or the compression of a WebSocket message.
        public enum Compression: Sendable {
            case none, deflate, gzip, zstd
        }

        public var compression = Compression.none

        public init(_ compression: Compression = .none) {
            self.compression = compression
        }
    }

    /// An agent has sent a report on a connection.
    /// - Parameter bytes: an AgentToServer, without compression and without the WebSocket message header.
    public mutating func reported(
        _ bytes: RawSpan, _ sending: Sending, on connection: inout SeenConnection, at now: Instant
    ) {
        connection.lastSent = now
        guard let view = try? AgentToServerView(bytes) else {
            unreadable += 1
            if limits.checksConformance { cohorts[0].violations[.readable, default: 0] += 1 }
            return
        }
        guard let uid = view.instanceUID.uid else {
            if limits.checksConformance { cohorts[0].violations[.instanceUID, default: 0] += 1 }
            return
        }
        if connection.transport == .http { connection.requester = uid }
        guard var agent = agents[uid] ?? add(uid, at: now) else { return }
        if view.present.contains(.agentDescription), let description = view.agentDescription() {
            move(&agent, to: place(of: CohortKey(description, view.capabilities, named: limits.attributes)))
        }
        let isFirst = meet(uid, &agent, on: &connection, at: now)
        note(view, sending, isFirst: isFirst, &agent, at: now)
        let isDisconnect = view.isDisconnect
        if limits.checksConformance {
            let restarts = isFirst && view.sequenceNumber <= 1 && view.present.contains(.agentDescription)
            check(bytes, of: uid, in: agent.cohort, isFirst: isFirst, restarts: restarts, connection, at: now)
        }
        if isDisconnect { connection.saidDisconnect = true }
        let gap = now - agent.lastReport
        agent.longestGap = max(agent.longestGap, gap)
        agent.lastReport = now
        agents[uid] = agent
        if isDisconnect, connection.transport == .http { isAway(uid, since: now, .agentDisconnect) }
    }

    /// The agent is on this connection; it may have been away.
    /// - Returns: whether this is its first report on the connection, or over plain HTTP its first one of all.
    private mutating func meet(
        _ uid: InstanceUID, _ agent: inout SeenAgent, on connection: inout SeenConnection, at now: Instant
    ) -> Bool {
        if case .away(let since, _) = agent.presence {
            agent.presence = .present
            cohorts[agent.cohort].reconnects += 1
            let delay = max(connection.openedAt - since, .zero)
            if connection.transport == .webSocket {
                cohorts[agent.cohort].reconnectDelays.add(delay.seconds)
                let life = CohortFigures.EndedSpan(span: (since - agent.connectedAt).seconds, endedAt: since)
                cohorts[agent.cohort].endedConnections.add(life)
            }
            if agent.polls { lookAgain(at: uid, now + silence(of: agent)) }
        }
        guard connection.transport == .webSocket else {
            guard !agent.polls else { return false }
            agent.polls = true
            cohorts[agent.cohort].polling += 1
            lookAgain(at: uid, now + silence(of: agent))
            return true
        }
        guard !connection.members.contains(uid), connection.members.count < SeenConnection.memberLimit else {
            return false
        }
        if connection.members.isEmpty {
            cohorts[agent.cohort].connections += 1
            if connection.deflates { cohorts[agent.cohort].deflating += 1 }
        }
        connection.members.append(uid)
        agent.openConnections += 1
        agent.connectedAt = now
        agent.lastHeartbeat = nil
        return true
    }

    private mutating func note(
        _ view: borrowing AgentToServerView, _ sending: Sending, isFirst: Bool, _ agent: inout SeenAgent,
        at now: Instant
    ) {
        let (place, size) = (agent.cohort, Double(view.byteCount))
        cohorts[place].reports += 1
        if view.isHeartbeat {
            noteHeartbeat(isFirst: isFirst, &agent, at: now)
            cohorts[place].heartbeatBytes.add(size)
        } else if isFirst, view.present.contains(.agentDescription) {
            cohorts[place].firstReportBytes.add(size)
        } else {
            cohorts[place].otherReportBytes.add(size)
        }
        noteCompression(sending, view.byteCount, in: place)
        if !view.isHeartbeat { noteContent(view, &agent, at: now) }
    }

    private mutating func noteHeartbeat(isFirst: Bool, _ agent: inout SeenAgent, at now: Instant) {
        cohorts[agent.cohort].heartbeats += 1
        if agent.lastHeartbeat == nil, !agent.polls {
            // It may be anywhere in the interval.
            if !isFirst { cohorts[agent.cohort].firstHeartbeats.add((now - agent.connectedAt).seconds) }
        } else if !isFirst {
            cohorts[agent.cohort].heartbeatGaps.add((now - agent.lastReport).seconds)
        }
        agent.lastHeartbeat = now
    }

    private mutating func noteCompression(_ sending: Sending, _ size: Int, in place: Int) {
        switch sending.compression {
        case .none: return
        case .deflate: break
        case .gzip: cohorts[place].gzipRequests += 1
        case .zstd: cohorts[place].zstdRequests += 1
        }
        cohorts[place].compressed += 1
        cohorts[place].smallestCompressed = min(cohorts[place].smallestCompressed ?? size, size)
    }

    private mutating func noteContent(
        _ view: borrowing AgentToServerView, _ agent: inout SeenAgent, at now: Instant
    ) {
        let place = agent.cohort
        if let health = view.health() {
            cohorts[place].pipelines.add(Double(health.pipelineCount))
            note(isHealthy: health.isWhollyHealthy, &agent, at: now)
        }
        if view.present.contains(.effectiveConfig) {
            cohorts[place].configBytes.add(Double(view.effectiveConfig()?.bodyBytes ?? 0))
            var hash = FNV1a()
            view.forEachPart { field, content in
                guard field == .effectiveConfig else { return }
                for index in 0..<content.byteCount { hash.add(content.byte(index)) }
            }
            if agent.configHash != 0, agent.configHash != hash.value { cohorts[place].configChanges += 1 }
            agent.configHash = hash.value
        }
        if let components = view.availableComponents(), !components.components.isEmpty {
            cohorts[place].components.add(Double(components.leafCount))
        }
        if let offered = agent.offeredAt, let status = view.remoteConfigStatuses,
            status == .applied || status == .failed
        {
            cohorts[place].applyTimes.add((now - offered).seconds)
            if status == .failed { cohorts[place].configsFailed += 1 }
            agent.offeredAt = nil
        }
    }

    private mutating func note(isHealthy: Bool, _ agent: inout SeenAgent, at now: Instant) {
        guard let known = agent.health else { return agent.health = (isHealthy, now) }
        guard known.isHealthy != isHealthy else { return }
        cohorts[agent.cohort].healthChanges += 1
        let span = (now - known.since).seconds
        if isHealthy {
            cohorts[agent.cohort].unhealthyTimes.add(span)
        } else {
            cohorts[agent.cohort].healthyTimes.add(span)
            if !agent.hasFlapped { cohorts[agent.cohort].flapping += 1 }
            agent.hasFlapped = true
        }
        agent.health = (isHealthy, now)
    }
}

extension ComponentHealth {
    fileprivate var isWhollyHealthy: Bool { healthy && componentHealthMap.values.allSatisfy(\.isWhollyHealthy) }

    /// Collectors name the health of a pipeline so.
    fileprivate var pipelineCount: Int { componentHealthMap.keys.count { $0.hasPrefix("pipeline:") } }
}

extension EffectiveConfig {
    /// The bytes of all files.
    fileprivate var bodyBytes: Int { configMap?.configMap.values.reduce(0) { $0 + $1.body.count } ?? 0 }
}

extension AvailableComponents {
    /// The entries that have no entries below them.
    fileprivate var leafCount: Int { components.values.reduce(0) { $0 + $1.leafCount } }
}

extension ComponentDetails {
    fileprivate var leafCount: Int {
        subComponentMap.isEmpty ? 1 : subComponentMap.values.reduce(0) { $0 + $1.leafCount }
    }
}
