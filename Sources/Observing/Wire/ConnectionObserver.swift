public import Basis
import Transport

/// Reads the bytes of one connection, of both directions, as they pass, and gives its messages to the `FleetObserver`.
///
/// A connection is HTTP first, and then either WebSocket or plain HTTP for as long as it lasts. What cannot be read is
/// no reason to stop the bytes: the connection is then not watched any more. Between messages an observer holds no
/// buffer.
public struct ConnectionObserver {
    private enum Stage {
        case http(HTTPWatch)
        case webSocket(WebSocketWatch)
        case unwatched
    }

    private var connection: SeenConnection
    private var stage: Stage

    /// - Parameter now: when the agent's side opened the connection.
    public init(limits: ObservingLimits, at now: Instant) {
        connection = SeenConnection(openedAt: now)
        stage = .http(HTTPWatch(limits: limits))
    }

    /// Whether its messages are read.
    public var isWatched: Bool {
        if case .unwatched = stage { false } else { true }
    }

    /// How many bytes of memory its unfinished messages use: of each direction at most four times the largest message
    /// that is read and twice the largest head of a request. Decompressors are not counted.
    public var reservedBytes: Int {
        switch stage {
        case .http(let watch): watch.reservedBytes
        case .webSocket(let watch): watch.reservedBytes
        case .unwatched: 0
        }
    }

    /// The agent's side has sent bytes.
    public mutating func agentSent(
        _ bytes: RawSpan, at now: Instant, _ fleet: inout FleetObserver, _ decoder: MessageDecoder
    ) {
        var offset = 0
        do throws(UnwatchedError) {
            switch stage {
            case .http(let watch):
                try watch.readRequests(bytes, at: &offset, now, &connection, &fleet, decoder)
            case .webSocket(let watch):
                try watch.readAgent(bytes, at: &offset, now, &connection, &fleet, decoder)
            case .unwatched: break
            }
        } catch {
            stopWatching(error.reason, &fleet, decoder)
        }
    }

    /// The server has sent bytes.
    public mutating func serverSent(
        _ bytes: RawSpan, at now: Instant, _ fleet: inout FleetObserver, _ decoder: MessageDecoder
    ) {
        var offset = 0
        do throws(UnwatchedError) {
            if case .http(let watch) = stage {
                let agreed = try watch.readResponses(bytes, at: &offset, now, &connection, &fleet, decoder)
                guard let agreed else { return }
                connection.transport = .webSocket
                connection.deflates = agreed.deflate != nil
                stage = .webSocket(try WebSocketWatch(agreed.deflate, limits: fleet.limits, decoder))
            }
            if case .webSocket(let watch) = stage {
                try watch.readServer(bytes, at: &offset, now, &connection, &fleet, decoder)
            }
        } catch {
            stopWatching(error.reason, &fleet, decoder)
        }
    }

    /// From here on the bytes pass unseen.
    public mutating func stopWatching(
        _ reason: UnwatchedReason, _ fleet: inout FleetObserver, _ decoder: MessageDecoder
    ) {
        guard isWatched else { return }
        release(decoder)
        fleet.unwatched[reason, default: 0] += 1
        stage = .unwatched
    }

    /// The connection is over.
    public mutating func ended(
        _ ending: ConnectionEnding, at now: Instant, _ fleet: inout FleetObserver, _ decoder: MessageDecoder
    ) {
        release(decoder)
        stage = .unwatched
        fleet.ended(connection, ending, at: now)
        connection.members = []
    }

    private func release(_ decoder: MessageDecoder) {
        if case .webSocket(let watch) = stage { decoder.releaseInflaters(watch.keptInflaters) }
    }
}

/// The messages of a connection cannot be read any more.
struct UnwatchedError: Error {
    var reason: UnwatchedReason
}
