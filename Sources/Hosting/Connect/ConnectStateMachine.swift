import Basis
import Engine
import Transport

/// One attempt to open a connection, without I/O: agents, pools, downloads, own telemetry and probes connect by it, but
/// for agents whose way is one connection in plaintext (`AgentPlace.isDirect`).
///
///     dial ──► tunnel ──► tls ──► ready
///       │        │                  ▲
///       ├────────┼──────────────────┤
///       └────────┴──► failed
///
/// The phases: connect TCP, to the server or to the proxy in front of it; request a tunnel from the proxy (CONNECT,
/// RFC 9110, section 9.3.6); the TLS handshake with the server; ready. An attempt without a proxy has no phase
/// `tunnel`, one in plaintext no phase `tls`. Each phase has its own deadline. An attempt that fails reports the phase
/// and the reason.
///
/// `ConnectAttempt` performs the actions on an endpoint.
struct ConnectStateMachine {
    /// What an attempt can wait for, in this order.
    enum Phase: CaseIterable {
        case dial, tunnel, tls
    }

    /// What there is to do now.
    enum Action: Equatable {
        /// More bytes, or another event.
        case wait
        /// Send the CONNECT request to the proxy.
        case requestTunnel
        /// Begin the TLS handshake.
        case startTLS
        /// The connection is up: the next bytes are the caller's.
        case finish
        /// End the connection, where it has not ended already.
        case fail(ConnectError)
    }

    private enum State {
        case waiting(Phase)
        case ready
        case failed
    }

    let usesProxy: Bool
    let usesTLS: Bool
    let timeouts: ConnectTimeouts
    private var state = State.waiting(.dial)
    /// Reads the proxy's response in the phase `tunnel`. By reference: thousands of attempts may wait at once, and most
    /// have no proxy.
    private var tunnel: TunnelReading?
    /// When the present phase began.
    private(set) var phaseBegan: Instant

    /// An attempt whose TCP connection is begun at `now`.
    init(usesProxy: Bool, usesTLS: Bool, timeouts: ConnectTimeouts, at now: Instant) {
        self.usesProxy = usesProxy
        self.usesTLS = usesTLS
        self.timeouts = timeouts
        phaseBegan = now
    }

    /// What the attempt waits for; `nil` once it is over.
    var phase: Phase? {
        if case .waiting(let phase) = state { phase } else { nil }
    }

    /// Until when the present phase has to be over; `nil` once the attempt is.
    var deadline: Instant? {
        phase.map { phaseBegan + timeouts[$0] }
    }

    /// TCP is up, or TLS is agreed on.
    mutating func connected(at now: Instant) -> Action {
        switch state {
        case .waiting(.dial) where usesProxy:
            tunnel = TunnelReading()
            return enter(.tunnel, at: now, .requestTunnel)
        case .waiting(.dial): return reachedServer(at: now)
        case .waiting(.tls):
            state = .ready
            return .finish
        case .waiting(.tunnel), .ready, .failed: return .wait
        }
    }

    /// Bytes from the proxy. In other phases no bytes are due, and none are read.
    mutating func received(_ bytes: RawSpan, at offset: inout Int, now: Instant) -> Action {
        guard case .waiting(.tunnel) = state, tunnel != nil else { return .wait }
        do throws(ProxyError) {
            guard try tunnel?.response.next(bytes, at: &offset) == true else {
                // A proxy that sends a byte now and then has no more time than one that is silent.
                return isOverdue(at: now) ? fail(.timedOut) : .wait
            }
        } catch {
            return fail(.proxy(error))
        }
        tunnel = nil
        return reachedServer(at: now)
    }

    /// The connection has ended. Call it only while a phase waits.
    /// - Returns: why the attempt has failed.
    mutating func closed(_ cause: CloseCause) -> ConnectError {
        let error: ConnectError
        switch (phase ?? .dial, cause) {
        case (.tunnel, .peerClosed):
            error = ConnectError(phase: .tunnel, reason: .proxy(tunnel?.response.transportClosed() ?? .closed))
        case (let phase, _): error = ConnectError(cause, in: phase)
        }
        state = .failed
        return error
    }

    private mutating func reachedServer(at now: Instant) -> Action {
        guard usesTLS else {
            state = .ready
            return .finish
        }
        return enter(.tls, at: now, .startTLS)
    }

    private mutating func enter(_ phase: Phase, at now: Instant, _ action: Action) -> Action {
        state = .waiting(phase)
        phaseBegan = now
        return action
    }

    private mutating func fail(_ reason: ConnectError.Reason) -> Action {
        let error = ConnectError(phase: phase ?? .dial, reason: reason)
        state = .failed
        return .fail(error)
    }

    private func isOverdue(at now: Instant) -> Bool {
        deadline.map { now >= $0 } ?? false
    }
}

/// The proxy's response as far as it has come.
private final class TunnelReading {
    var response = ProxyTunnel()
}

/// The time limit of each phase of an attempt to connect.
struct ConnectTimeouts: Equatable {
    var dial: Nanoseconds
    var tunnel: Nanoseconds
    var tls: Nanoseconds

    /// The same for each phase.
    init(each span: Nanoseconds) {
        (dial, tunnel, tls) = (span, span, span)
    }

    subscript(phase: ConnectStateMachine.Phase) -> Nanoseconds {
        switch phase {
        case .dial: dial
        case .tunnel: tunnel
        case .tls: tls
        }
    }

    /// Of connections that no profile gives a timeout for: those of pools, downloads and own telemetry.
    static let standard = ConnectTimeouts(each: .seconds(10))

    /// How long the peer of an ended connection has to close its side.
    static let close = Nanoseconds.seconds(2)
}
