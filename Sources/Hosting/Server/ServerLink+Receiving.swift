import Basis
import ControlPlane
import Engine
import Transport

/// The limits on what is arriving: its time and its memory.
extension ServerLink {
    /// What a connection is receiving, each with a deadline of its own.
    enum Arriving {
        case nothing, head, body, message
    }

    private var arrivingNow: Arriving {
        switch stage {
        case .http(let reading):
            if reading.isAnswering { return .nothing }
            switch reading.exchange.arriving {
            case .nothing: return .nothing
            case .head: return .head
            case .body: return .body
            }
        case .webSocket, .closing: return reader.isMidMessage ? .message : .nothing
        case .over: return .nothing
        }
    }

    /// How many bytes of memory the unfinished message of this connection uses.
    private var reservedBytes: Int {
        switch stage {
        case .http(let reading): reading.exchange.reservedBytes + reading.held.capacity
        case .webSocket, .closing: reader.reservedBytes
        case .over: 0
        }
    }

    /// Bytes have come in: sets the deadline for what is arriving, and counts the memory that it uses.
    /// - Parameter completed: whether a head, a body or a message ended in the bytes, so that what is arriving began
    ///   in them.
    func noteArrival(completed: Bool) {
        let now = arrivingNow
        if completed || now != arriving {
            arriving = now
            arrivingSince = shard.now
            switch now {
            case .nothing: receiveDeadline = nil
            case .head: receiveDeadline = shard.now + limits.head
            case .body, .message: receiveDeadline = shard.now + limits.message
            }
        }
        let reserved = reservedBytes
        guard reserved != accountedBytes else { return }
        let isWithinLimit = account(for: reserved)
        if !isWithinLimit, reserved > limits.ownBytes {
            host.wireCounts.buffersFull += 1
            turnAway(status: 503, .tryAgainLater)
        }
    }

    /// Tells the server's budget how much memory this connection uses now.
    /// - Returns: whether the server's limit is kept.
    @discardableResult
    private func account(for bytes: Int) -> Bool {
        let change = bytes - accountedBytes
        accountedBytes = bytes
        return host.budget.add(change)
    }

    /// The connection is over: frees what was arriving.
    func releaseBuffers() {
        reader = WebSocketReader(role: .server)
        receiveDeadline = nil
        arriving = .nothing
        if accountedBytes != 0 { account(for: 0) }
    }

    /// A message that arrives fast enough gets more time; else the client receives the reason, and the connection ends.
    func extendDeadline() -> Instant? {
        if arriving == .body || arriving == .message {
            let due = arrivingSince + limits.timeout(forBytes: reservedBytes)
            if due > shard.now { return due }
        }
        switch arriving {
        case .nothing: break
        case .head: host.wireCounts.headTimeouts += 1
        case .body: host.wireCounts.bodyTimeouts += 1
        case .message: host.wireCounts.messageTimeouts += 1
        }
        turnAway(status: 408, .policyViolation)
        return nil
    }

    /// Ends a connection in the middle of a message, with an HTTP status or a close code.
    private func turnAway(status: UInt16, _ code: WebSocketCloseCode) {
        switch stage {
        case .http:
            HTTPWriter.appendResponse(status, contentLength: 0, keepAlive: false, to: &host.output)
        case .webSocket:
            WebSocketFrame.appendClose(code, mask: nil, to: &host.output)
        case .closing, .over: break
        }
        leave()
        ended(.lost)
    }

    private var limits: ReceiveLimits { host.wire.receiving }
}
