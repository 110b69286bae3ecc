import Basis
import OpAMP
import Transport

@testable import Observing

/// What passes between agents and their server: the same is seen however the bytes are cut, within the limits of
/// memory, and other connections of the thread are read as before.
///
/// An input is a connection's bytes in their order: two bytes with the length of a piece, of which the highest bit is
/// set where the server sent it, then the piece. A second passes from one piece to the next.
extension FuzzTarget {
    static let observed: [String: FuzzTarget] = [
        "observed-connection": FuzzTarget { input in
            for checks in [false, true] {
                let whole = seen(input, checks: checks) { [0..<$0.byteCount] }
                hold(whole == seen(input, checks: checks, cut: pieces(of:)), "cut, something else is seen")
            }
        }
    ]

    private static func limits(checks: Bool) -> ObservingLimits {
        var limits = ObservingLimits()
        limits.agents = 8
        limits.cohorts = 4
        limits.messageBytes = 4_096
        limits.keptDecompressors = 2
        limits.attributes = ["zone"]
        limits.checksConformance = checks
        return limits
    }

    /// What an observer holds of unfinished messages, both directions together.
    private static let maxReserved = 2 * (4 * 4_096 + 2 * Int(HTTPLimits.defaultHeadBytes))

    /// What is known after a connection, as text.
    private static func seen(
        _ input: RawSpan, checks: Bool, cut: (RawSpan) -> [Range<Int>]
    ) -> [String] {
        let limits = limits(checks: checks)
        var fleet = FleetObserver(limits: limits, start: .zero)
        var observer = ConnectionObserver(limits: limits, at: .zero)
        let decoder = MessageDecoder()
        var (position, now) = (0, Instant.zero)
        while position + 2 <= input.byteCount {
            let head = input.bigEndian(UInt16.self, at: position)
            let length = min(Int(head & 0x7FFF), input.byteCount - position - 2)
            let piece = input.extracting((position + 2)..<(position + 2 + length))
            position += 2 + length
            for part in cut(piece) {
                let bytes = piece.extracting(part)
                if head & 0x8000 == 0 {
                    observer.agentSent(bytes, at: now, &fleet, decoder)
                } else {
                    observer.serverSent(bytes, at: now, &fleet, decoder)
                }
                let reserved = observer.reservedBytes
                hold(reserved <= maxReserved, "\(reserved) bytes held")
                hold(observer.isWatched || reserved == 0, "\(reserved) bytes held of what is not watched")
            }
            now = now + .seconds(1)
            fleet.passed(to: now)
        }
        observer.ended(.agentFinished, at: now, &fleet, decoder)
        hold(observer.reservedBytes == 0, "memory is kept of a connection that is over")
        hold(decoder.keptInflaters == 0, "decompressors are kept of a connection that is over")
        hold(fleet.agents.count <= limits.agents, "\(fleet.agents.count) agents are known")
        hold(fleet.checkers.count <= fleet.agents.count, "agents are checked that are not known")
        // One more for the kinds beyond the limit.
        hold(fleet.cohorts.count <= limits.cohorts + 1, "\(fleet.cohorts.count) kinds are known")
        holdRead(of: another, limits, decoder)
        return texts(of: fleet.observation(at: now + .seconds(1_000)))
    }

    private static func texts(of seen: Observation) -> [String] {
        var texts = ["\(seen.unreadable) \(seen.agents) \(seen.agentsBeyondLimit) \(seen.population)"]
        texts += seen.unwatched.map { "\($0.key): \($0.value)" }.sorted()
        texts += seen.serverViolations.map { "\($0.key): \($0.value)" }.sorted()
        texts += seen.cohorts.map { cohort in
            "\(cohort.key) \(cohort.agents) \(cohort.reports) \(cohort.heartbeats) \(cohort.connections) "
                + "\(cohort.compressed) \(cohort.polling) \(cohort.configChanges) \(cohort.healthChanges)"
        }.sorted()
        texts += seen.cohorts.flatMap { $0.violations.map { "\($0.key): \($0.value)" } }.sorted()
        return texts
    }

    // MARK: - Another connection

    /// A connection whose one report is compressed, of the agent's side and of the server's.
    private static let another: (request: [UInt8], response: [UInt8], report: [UInt8]) = {
        var (request, response, frame, compressed): ([UInt8], [UInt8], [UInt8], [UInt8]) = ([], [], [], [])
        WebSocketClientHandshake(nonce: (3, 4), offer: DeflateOffer())
            .appendRequest(target: "/v1/opamp", host: "server", to: &request)
        var (reader, offset) = (HTTPReader(.requests), 0)
        if case .request(let head)? = try? reader.next(request.span.bytes, at: &offset) {
            _ = try? WebSocketServerHandshake.accept(head, deflate: DeflatePolicy(), to: &response)
        }
        var report = AgentToServer()
        report.instanceUID = .uid(InstanceUID(high: 9, low: 9))
        Deflater(windowBits: 15)?.message(report.encoded().span.bytes, prefix: 0, into: &compressed)
        WebSocketFrame.append(.binary, payload: compressed.span.bytes, mask: 77, isCompressed: true, to: &frame)
        return (request, response, frame)
    }()

    private static func holdRead(
        of connection: (request: [UInt8], response: [UInt8], report: [UInt8]), _ limits: ObservingLimits,
        _ decoder: MessageDecoder
    ) {
        var fleet = FleetObserver(limits: limits, start: .zero)
        var observer = ConnectionObserver(limits: limits, at: .zero)
        observer.agentSent(connection.request.span.bytes, at: .zero, &fleet, decoder)
        observer.serverSent(connection.response.span.bytes, at: .zero, &fleet, decoder)
        observer.agentSent(connection.report.span.bytes, at: .zero, &fleet, decoder)
        let seen = fleet.observation(at: .zero)
        hold(seen.agents == 1 && seen.cohorts.first?.compressed == 1, "another connection is not read any more")
    }
}
