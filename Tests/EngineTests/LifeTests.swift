import Basis
import CLinux
import Engine
import Testing

@Suite("Life of endpoints and shards", .timeLimit(.minutes(5)))
struct LifeTests {
    private static func echo(_ shard: Shard) throws -> SocketAddress {
        try Listener(shard: shard, addresses: [.loopback(port: 0)]) { shard, _ in EchoEndpoint(shard: shard) }
            .addresses[0]
    }

    @Test("An endpoint without fields of its own is small")
    func size() async throws {
        try await withShard { shard in
            let bare = Endpoint(shard: shard)
            #expect(clinux_block_size(Unmanaged.passUnretained(bare).toOpaque()) <= 120)
        }
    }

    @Test("An endpoint may connect again inside closed()")
    func reconnects() async throws {
        try await withShard { shard in
            let address = try Self.echo(shard)
            let client = ScriptedEndpoint(shard: shard)
            client.onConnected = { $0.abort() }
            client.onClosed = { client, _ in
                if client.sights.events.count < 20 { client.connect(to: address) }
            }
            await shard.run { client.connect(to: address) }
            let sights = await client.sights.until(count: 20)
            #expect(sights == (0..<10).flatMap { _ in [Sight.connected, .closed(.local)] })
        }
    }

    @Test("No method calls back before it returns: abort, a failed connect and a past timer are reported later")
    func noReentrancy() async throws {
        let refusing = try unusedAddress()
        try await withShard { shard in
            let address = try Self.echo(shard)
            let client = ScriptedEndpoint(shard: shard)
            let depth = Counter()
            let violations = Counter()
            @Sendable func guarded(_ body: () -> Void) {
                if depth.value != 0 { violations.add() }
                depth.add()
                body()
                depth.add(-1)
            }
            client.onConnected = { client in
                guarded {
                    client.setTimer(at: .zero)
                    client.send([1])
                    client.abort()
                    client.abort()
                    client.send([2])
                    client.closeGracefully()
                    if client.connect(to: address) { violations.add() }
                }
            }
            client.onTimer = { _, _ in guarded {} }
            client.onClosed = { client, cause in
                guarded { if cause == .local { client.connect(to: refusing) } }
            }
            await shard.run { guarded { client.connect(to: address) } }
            await client.sights.until { $0.count(where: \.isClosed) == 2 }
            #expect(violations.value == 0)
            #expect(client.sights.events.filter(\.isClosed) == [.closed(.local), .closed(.refused)])
            #expect(client.sights.events.contains(.timer(.zero)))
        }
    }

    @Test("A callback may abort another endpoint whose event is waiting in the same batch")
    func staleEvents() async throws {
        try await withShard { shard in
            let address = try Self.echo(shard)
            let clients = (0..<50).map { _ in ScriptedEndpoint(shard: shard) }
            let answered = Counter()
            for (index, client) in clients.enumerated() {
                let partner = clients[index ^ 1]
                client.onReceived = { _, _ in
                    answered.add()
                    partner.abort()
                    // A new socket that takes over the descriptor just closed must not get the partner's event.
                    let stranger = ScriptedEndpoint(shard: shard)
                    stranger.onReceived = { _, _ in answered.add(1000) }
                    stranger.connect(to: address)
                }
            }
            await shard.run { for client in clients { client.connect(to: address) } }
            for client in clients { await client.sights.until { $0.contains(.connected) } }
            await shard.run { for client in clients { client.send([1]) } }
            // Let all the echoes arrive before the next batch is fetched.
            await shard.rest(milliseconds: 50)
            for index in stride(from: 0, to: 50, by: 2) {
                let pair = [clients[index], clients[index + 1]]
                while !pair.contains(where: { $0.sights.events.contains(where: \.isClosed) }) { await Task.yield() }
            }
            #expect(answered.value < 1000)
            #expect(answered.value >= 25)
        }
    }

    @Test("Timers that are due fire during a long block, where the block lets them")
    func timersDuringBlock() async throws {
        try await withShard { shard in
            let timed = ScriptedEndpoint(shard: shard)
            let firedInside = await shard.value {
                timed.setTimer(at: shard.now)
                // Longer than a slice of work.
                let end = Shard.clock + .milliseconds(3)
                while Shard.clock < end {}
                let before = timed.sights.events.count
                shard.fireTimersBetweenSlices()
                return (before, timed.sights.events.count)
            }
            #expect(firedInside == (0, 1))
        }
    }

    @Test("A socket that is connected with itself is a refused connection")
    func meetsItself() async throws {
        try await withShard { shard in
            let listener = try Listener(shard: shard, addresses: [.loopback(port: 0)]) { shard, _ in
                EchoEndpoint(shard: shard)
            }
            let own = listener.addresses[0]
            listener.close()
            await shard.run {}
            let client = ScriptedEndpoint(shard: shard)
            await shard.run { client.connect(to: own, from: own) }
            #expect(await client.sights.until(count: 1) == [.closed(.refused)])
        }
    }

    @Test("The shard keeps an endpoint while it has a connection or a timer, and no longer")
    func retention() async throws {
        try await withShard { shard in
            let address = try Self.echo(shard)
            let gone = Recorder<String>()
            await shard.run {
                let idle = Witness(shard: shard, gone, "idle")
                _ = idle
                let timed = Witness(shard: shard, gone, "timed")
                timed.setTimer(at: shard.now + .milliseconds(30))
                let cancelled = Witness(shard: shard, gone, "cancelled")
                cancelled.setTimer(at: shard.now + .seconds(100))
                cancelled.cancelTimer()
                let connected = Witness(shard: shard, gone, "connected")
                connected.connect(to: address)
            }
            let order = await gone.until(count: 4)
            #expect(Set(order.prefix(2)) == ["idle", "cancelled"])
            #expect(Set(order) == ["idle", "timed", "cancelled", "connected"])
        }
    }

    /// Tells when it dies; aborts its connection once up.
    private final class Witness: Endpoint, @unchecked Sendable {
        private let gone: Recorder<String>
        private let name: String

        init(shard: Shard, _ gone: Recorder<String>, _ name: String) {
            self.gone = gone
            self.name = name
            super.init(shard: shard)
        }

        override func connected() { abort() }

        deinit { gone.note(name) }
    }

    @Test("Stopping a shard ends everything that is open, once, and lets go of it")
    func stops() async throws {
        let shard = try Shard(label: "stopping")
        let address = try Self.echo(shard)
        let clients = (0..<100).map { _ in ScriptedEndpoint(shard: shard) }
        for client in clients {
            client.onClosed = { client, _ in
                // A stopping shard neither connects nor wakes anybody.
                if client.connect(to: address) { client.sights.note(.connected) }
                client.setTimer(at: .zero)
            }
        }
        await shard.run {
            for client in clients {
                client.connect(to: address)
                client.setTimer(at: shard.now + .seconds(1000))
            }
        }
        for client in clients { await client.sights.until { $0.contains(.connected) } }
        await shard.stop()
        for client in clients { #expect(client.sights.events == [.connected, .closed(.local)]) }
        try await withShard { other in
            let stranger = ScriptedEndpoint(shard: other)
            await other.run { stranger.connect(to: address) }
            #expect(await stranger.end() == .refused)
        }
        await shard.stop()
        #expect(await shard.run { shard.openConnections } == 0)
        let late = ScriptedEndpoint(shard: shard)
        #expect(await shard.run { late.connect(to: address) } == false)
    }

    @Test("Timers fire once, never early, in the order of their times; cancelled ones do not")
    func timers() async throws {
        try await withShard { shard in
            var random = SeededRandom(seed: 11)
            let endpoints = (0..<1000).map { _ in ScriptedEndpoint(shard: shard) }
            let delays = endpoints.map { _ in Int64(random.index(below: 200)) }
            let fired = Recorder<Instant>()
            let early = Counter()
            await shard.run {
                for (index, endpoint) in endpoints.enumerated() {
                    endpoint.onTimer = { _, due in
                        if shard.now < due { early.add() }
                        fired.note(due)
                    }
                    endpoint.setTimer(at: shard.now + .seconds(1000))
                    endpoint.setTimer(at: shard.now + .milliseconds(delays[index]))
                    if index % 10 == 0 { endpoint.cancelTimer() }
                }
            }
            let order = await fired.until(count: 900)
            #expect(early.value == 0)
            #expect(zip(order, order.dropFirst()).allSatisfy { $1 + .milliseconds(1) > $0 })
            await shard.rest(milliseconds: 1)
            #expect(fired.events.count == 900)
        }
    }

    @Test("A timer that is set again in its callback, at a past time, does not starve sockets")
    func fairTimers() async throws {
        try await withShard { shard in
            let address = try Self.echo(shard)
            let busy = ScriptedEndpoint(shard: shard)
            busy.onTimer = { busy, _ in if busy.sights.events.count < 100_000 { busy.setTimer(at: .zero) } }
            let client = ScriptedEndpoint(shard: shard)
            client.onConnected = { $0.send([1]) }
            await shard.run {
                busy.setTimer(at: .zero)
                client.connect(to: address)
            }
            await client.sights.until { $0.contains(.received([1])) }
            await shard.run { busy.cancelTimer() }
        }
    }

    @Test("Blocks run promptly while the shard is busy and while it lingers")
    func blocksRun() async throws {
        var options = ShardOptions()
        options.lingerLimit = .seconds(60)
        try await withShard(options: options) { shard in
            let address = try Self.echo(shard)
            let client = ScriptedEndpoint(shard: shard)
            client.onConnected = { $0.send([1]) }
            client.onReceived = { client, bytes in client.send(bytes) }
            await shard.run { client.connect(to: address) }
            for _ in 0..<100 { #expect(await shard.run { shard.now } > .zero) }
            await shard.run { client.abort() }
            // The shard now waits on its own epoll set for up to a minute; only the bell can call it.
            for _ in 0..<100 { #expect(await shard.run { shard.now } > .zero) }
        }
    }

    @Test("Every cause of an end has a known, distinct name")
    func names() {
        let causes: [CloseCause] = [
            .local, .peerClosed, .reset, .refused, .unreachable, .timedOut(.connect), .timedOut(.idle),
            .timedOut(.handshake), .timedOut(.receive), .timedOut(.close),
            .timedOut(.delivery), .writeOverflow, .outOfDescriptors, .outOfPorts, .badSource, .other(errno: 5),
        ]
        #expect(causes.allSatisfy { CloseCause.knownNames.contains($0.name) })
        #expect(Set(causes.map(\.name)).count == causes.count)
        #expect(Set(CloseCause.knownNames).count == CloseCause.knownNames.count)
    }
}
