import Basis
import Engine
import Metrics
import Testing
import Transport

@testable import Hosting

/// The state machine of an attempt to connect, without a network.
@Suite("Connecting, phase by phase")
struct ConnectStateMachineTests {
    typealias Machine = ConnectStateMachine

    /// The ways through the phases: with and without a proxy, in plaintext and secured.
    struct Route: Sendable, CustomTestStringConvertible {
        let usesProxy: Bool
        let usesTLS: Bool
        var testDescription: String { "proxy \(usesProxy), TLS \(usesTLS)" }

        var phases: [Machine.Phase] { [.dial] + (usesProxy ? [.tunnel] : []) + (usesTLS ? [.tls] : []) }

        func machine() -> Machine {
            Machine(usesProxy: usesProxy, usesTLS: usesTLS, timeouts: ConnectStateMachineTests.timeouts, at: .zero)
        }
    }

    static let routes = [false, true].flatMap { proxy in [false, true].map { Route(usesProxy: proxy, usesTLS: $0) } }
    static let timeouts: ConnectTimeouts = {
        var timeouts = ConnectTimeouts(each: .seconds(1))
        timeouts.tunnel = .seconds(2)
        timeouts.tls = .seconds(4)
        return timeouts
    }()
    private static let opened = Array("HTTP/1.1 200 OK\r\n\r\n".utf8)

    /// Ends the phase that the machine waits in, as the network would.
    private static func pass(_ machine: inout Machine, at now: Instant) -> Machine.Action {
        machine.phase == .tunnel ? receive(opened, &machine, at: now) : machine.connected(at: now)
    }

    private static func receive(_ bytes: [UInt8], _ machine: inout Machine, at now: Instant) -> Machine.Action {
        var offset = 0
        return machine.received(bytes.span.bytes, at: &offset, now: now)
    }

    @Test("The phases follow each other, each with its action and a deadline of its own", arguments: routes)
    func phases(_ route: Route) {
        var machine = route.machine()
        var now = Instant.zero
        var passed: [Machine.Phase] = []
        var last = Machine.Action.wait
        while let phase = machine.phase, passed.count < 4 {
            passed.append(phase)
            #expect(machine.phaseBegan == now)
            #expect(machine.deadline == now + Self.timeouts[phase])
            now = now + .milliseconds(10)
            last = Self.pass(&machine, at: now)
            switch machine.phase {
            case .tunnel: #expect(last == .requestTunnel)
            case .tls: #expect(last == .startTLS)
            case .dial, nil: break
            }
        }
        #expect(passed == route.phases)
        #expect(last == .finish)
        #expect(machine.deadline == nil)
    }

    static let causes: [CloseCause] = [
        .refused, .reset, .peerClosed, .unreachable, .tls(.expired), .timedOut(.connect), .timedOut(.idle),
    ]

    @Test("A connection that ends is a failure of the phase that it ended in", arguments: routes, causes)
    func closed(_ route: Route, _ cause: CloseCause) {
        for count in route.phases.indices {
            var machine = route.machine()
            for _ in 0..<count { _ = Self.pass(&machine, at: .zero) }
            let phase = route.phases[count]
            let error = machine.closed(cause)
            #expect(error.phase == phase)
            switch cause {
            case .timedOut: #expect(error.reason == .timedOut)
            case .peerClosed where phase == .tunnel: #expect(error.reason == .proxy(.closed))
            default: #expect(error.reason == .closed(cause))
            }
            #expect(machine.phase == nil)
            // What comes after a failure changes nothing.
            #expect(machine.connected(at: .zero) == .wait)
        }
    }

    @Test(
        "A proxy's refusal or invalid response is a failure of the phase tunnel",
        arguments: [
            ("HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n", Counter.proxyUnauthorized),
            ("HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n", .proxyRefused),
            ("SSH-2.0-OpenSSH_9.6\r\n\r\n", .proxyMalformed),
            ("HTTP/1.1 200 OK\r\n\r\nearly", .proxyMalformed),
        ])
    func refused(_ response: String, _ counter: Counter) throws {
        var machine = Route(usesProxy: true, usesTLS: true).machine()
        _ = machine.connected(at: .zero)
        let action = Self.receive(Array(response.utf8), &machine, at: .zero)
        guard case .fail(let error) = action else {
            Issue.record("\(action)")
            return
        }
        #expect(error.phase == .tunnel)
        #expect(error.counter == counter)
        #expect(error.name?.hasPrefix("proxy_") == true)
    }

    @Test("A proxy that sends a byte now and then has no more time than one that is silent")
    func trickle() {
        var machine = Route(usesProxy: true, usesTLS: false).machine()
        _ = machine.connected(at: .zero)
        var now = Instant.zero
        for byte in "HTTP/1.1 200 OK\r\nX-Slow: ".utf8 {
            now = now + .milliseconds(100)
            let action = Self.receive([byte], &machine, at: now)
            guard now < Instant.zero + Self.timeouts.tunnel else {
                #expect(action == .fail(ConnectError(phase: .tunnel, reason: .timedOut)))
                return
            }
            #expect(action == .wait)
        }
        Issue.record("the deadline has passed")
    }

    @Test("A proxy's response in pieces opens the tunnel with the last of them")
    func pieces() {
        for cut in 1..<Self.opened.count {
            var machine = Route(usesProxy: true, usesTLS: true).machine()
            _ = machine.connected(at: .zero)
            #expect(Self.receive(Array(Self.opened[..<cut]), &machine, at: .zero) == .wait)
            #expect(Self.receive(Array(Self.opened[cut...]), &machine, at: .zero) == .startTLS)
        }
    }

    @Test("A connection that ends within a proxy's response is the proxy's fault")
    func truncated() {
        var machine = Route(usesProxy: true, usesTLS: false).machine()
        _ = machine.connected(at: .zero)
        _ = Self.receive(Array(Self.opened[..<8]), &machine, at: .zero)
        #expect(machine.closed(.peerClosed).reason == .proxy(.http(.truncated)))
    }

    @Test("A timeout is counted as connect_timed_out, that of a tunnel and of TLS under its name besides")
    func timeoutNames() {
        let names = Machine.Phase.allCases.map { phase in
            let error = ConnectError(phase: phase, reason: .timedOut)
            #expect(error.counter == .connectTimedOut)
            return error.name
        }
        #expect(names == [nil, "tunnel_timed_out", "tls_handshake_timed_out"])
    }
}
