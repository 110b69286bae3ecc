import Basis
import Engine
import Testing

@Suite("Flow of bytes", .timeLimit(.minutes(5)))
struct FlowTests {
    private static func pattern(_ count: Int) -> [UInt8] {
        var random = SeededRandom(seed: UInt64(count))
        return (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }

    @Test("A write larger than the socket waits, drains, and arrives whole", arguments: [200_000, 3_000_000])
    func largeWrite(size: Int) async throws {
        var options = ShardOptions()
        options.socketSendBuffer = 16_384
        options.socketReceiveBuffer = 16_384
        options.writeBufferLimit = 1000
        let sent = Self.pattern(size)
        try await withShard(options: options) { shard in
            let server = ScriptedEndpoint(shard: shard)
            let listener = try Listener(shard: shard, addresses: [.loopback(port: 0)]) { _, _ in server }
            let client = ScriptedEndpoint(shard: shard)
            let tookAll = Recorder<Bool>()
            client.onConnected = { tookAll.note($0.send(sent)) }
            await shard.run { client.connect(to: listener.addresses[0]) }
            await client.sights.until { $0.contains(.drained) }
            #expect(tookAll.events == [false])
            #expect(await shard.run { client.waitingBytes } == 0)
            await shard.run { client.closeGracefully() }
            #expect(await server.end() == .peerClosed)
            #expect(server.bytes == sent)
            #expect(await client.end() == .local)
        }
    }

    @Test(
        "What waits in a client's socket is received whole, though nothing comes after it",
        arguments: [true, false], [true, false])
    func waitsInSocket(comesWithConnection: Bool, closes: Bool) async throws {
        let sent = Self.pattern(400_000)
        var options = ShardOptions()
        // One event reads a part of it.
        options.readBufferBytes = 4096
        try await withShard(options: options) { shard in
            try await withShard { other in
                let server = ScriptedEndpoint(shard: other)
                let listener = try Listener(shard: other, addresses: [.loopback(port: 0)]) { _, _ in server }
                server.onConnected = {
                    $0.send(sent)
                    if closes { $0.closeGracefully() }
                }
                let client = ScriptedEndpoint(shard: shard)
                let address = listener.addresses[0]
                await shard.run {
                    client.connect(to: address)
                    guard comesWithConnection else { return }
                    let end = Shard.clock + .milliseconds(50)
                    while Shard.clock < end {}
                }
                await shard.rest(milliseconds: 50)
                await client.sights.until { $0.bytes.count == sent.count }
                #expect(client.bytes == sent)
                if closes { #expect(await client.end() == .peerClosed) }
                #expect(await shard.run { client.isIdle } == closes)
            }
        }
    }

    @Test("A graceful close sends everything that waited first")
    func closeFlushes() async throws {
        var options = ShardOptions()
        options.socketSendBuffer = 16_384
        options.socketReceiveBuffer = 16_384
        let sent = Self.pattern(500_000)
        try await withShard(options: options) { shard in
            let server = ScriptedEndpoint(shard: shard)
            let listener = try Listener(shard: shard, addresses: [.loopback(port: 0)]) { _, _ in server }
            let client = ScriptedEndpoint(shard: shard)
            client.onConnected = {
                $0.send(sent)
                $0.closeGracefully()
                $0.send([1, 2, 3])
            }
            await shard.run { client.connect(to: listener.addresses[0]) }
            #expect(await server.end() == .peerClosed)
            #expect(server.bytes == sent)
            #expect(await client.end() == .local)
        }
    }

    @Test("A peer that never reads ends in a write overflow, with bounded memory")
    func overflow() async throws {
        var options = ShardOptions()
        options.writeBufferLimit = 100_000
        options.socketSendBuffer = 16_384
        let silent = try RawListener(backlog: 8)
        try await withShard(options: options) { shard in
            let client = ScriptedEndpoint(shard: shard)
            let most = Recorder<Int>()
            client.onConnected = { $0.setTimer(at: shard.now) }
            client.onTimer = { client, _ in
                client.send([UInt8](repeating: 1, count: 10_000))
                most.note(client.waitingBytes)
                if client.isOpen { client.setTimer(at: shard.now) }
            }
            await shard.run { client.connect(to: silent.address) }
            #expect(await client.end() == .writeOverflow)
            #expect(most.events.allSatisfy { $0 <= 100_000 })
            #expect(most.events.contains { $0 > 0 })
        }
    }

    @Test("What waits for all peers of a shard that never read is bounded together, and what ended makes room")
    func overflowTogether() async throws {
        var options = ShardOptions()
        options.writeBufferLimit = 10 << 20
        options.writeBuffersLimit = 1 << 20
        options.socketSendBuffer = 16_384
        let silent = try RawListener(backlog: 64)
        try await withShard(options: options) { shard in
            let clients = (0..<20).map { _ in ScriptedEndpoint(shard: shard) }
            for client in clients { client.onConnected = { $0.send([UInt8](repeating: 1, count: 4 << 20)) } }
            await shard.run { for client in clients { client.connect(to: silent.address) } }
            // Four MiB wait for none of them, whatever the kernel has taken.
            for client in clients { #expect(await client.end() == .writeOverflow) }
            let next = ScriptedEndpoint(shard: shard)
            let waiting = Recorder<Int>()
            next.onConnected = {
                $0.send([UInt8](repeating: 1, count: 1 << 10))
                waiting.note($0.waitingBytes)
            }
            await shard.run { next.connect(to: silent.address) }
            await waiting.until(count: 1)
            #expect(await shard.run { next.isOpen })
        }
    }

    @Test("The receive deadline does not restart with each byte, unlike the idle timeout; the owner may extend it")
    func receiveDeadline() async throws {
        try await withShard { shard in
            let server = ScriptedEndpoint(shard: shard)
            let extensions = Recorder<Int>()
            let listener = try Listener(shard: shard, addresses: [.loopback(port: 0)]) { _, _ in server }
            server.onConnected = {
                $0.idleTimeout = .seconds(30)
                $0.receiveDeadline = shard.now + .milliseconds(50)
            }
            server.onReceiveTimeout = { _ in
                extensions.note(1)
                return extensions.events.count < 3 ? shard.now + .milliseconds(50) : nil
            }
            let client = ScriptedEndpoint(shard: shard)
            client.onConnected = { $0.setTimer(at: shard.now) }
            client.onTimer = { client, _ in
                client.send([1])
                if client.isOpen { client.setTimer(at: shard.now + .milliseconds(5)) }
            }
            await shard.run { client.connect(to: listener.addresses[0]) }
            #expect(await server.end() == .timedOut(.receive))
            #expect(extensions.events.count == 3)
            #expect(await shard.run { server.receiveDeadline } == nil)
        }
    }

    @Test("A graceful close that the peer never answers ends in a close timeout")
    func closeTimeout() async throws {
        let silent = try RawListener(backlog: 8)
        try await withShard { shard in
            let client = ScriptedEndpoint(shard: shard)
            client.onConnected = { $0.closeGracefully(within: .milliseconds(100)) }
            await shard.run { client.connect(to: silent.address) }
            #expect(await client.end() == .timedOut(.close))
        }
    }

    @Test("A paused endpoint receives nothing and slows its peer down; resumed, it gets everything")
    func backPressure() async throws {
        var options = ShardOptions()
        options.socketSendBuffer = 16_384
        options.socketReceiveBuffer = 16_384
        let sent = Self.pattern(400_000)
        try await withShard(options: options) { shard in
            let server = ScriptedEndpoint(shard: shard)
            server.onConnected = { $0.pauseReading() }
            let listener = try Listener(shard: shard, addresses: [.loopback(port: 0)]) { _, _ in server }
            let client = ScriptedEndpoint(shard: shard)
            client.onConnected = {
                $0.send(sent)
                $0.setTimer(at: shard.now + .milliseconds(150))
            }
            await shard.run { client.connect(to: listener.addresses[0]) }
            await client.sights.until { $0.contains { if case .timer = $0 { true } else { false } } }
            #expect(server.bytes.isEmpty)
            #expect(await shard.run { client.waitingBytes } > 0)
            await shard.run { server.resumeReading() }
            await client.sights.until { $0.contains(.drained) }
            await shard.run { client.closeGracefully() }
            _ = await server.end()
            #expect(server.bytes == sent)
        }
    }

    @Test("A paused endpoint still learns of a reset")
    func pausedReset() async throws {
        try await withShard { shard in
            let server = ScriptedEndpoint(shard: shard)
            server.onConnected = { $0.pauseReading() }
            let listener = try Listener(shard: shard, addresses: [.loopback(port: 0)]) { _, _ in server }
            let client = ScriptedEndpoint(shard: shard)
            await shard.run { client.connect(to: listener.addresses[0]) }
            await client.sights.until { $0.contains(.connected) }
            await server.sights.until { $0.contains(.connected) }
            await shard.run { client.abort() }
            #expect(await server.end() == .reset)
        }
    }

    @Test("Corked frames are sent in one send, at uncork or at the end of the callback", arguments: [true, false])
    func cork(explicitly: Bool) async throws {
        try await withShard { shard in
            let address = try Listener(shard: shard, addresses: [.loopback(port: 0)]) { shard, _ in
                EchoEndpoint(shard: shard)
            }.addresses[0]
            let client = ScriptedEndpoint(shard: shard)
            let sends = Recorder<UInt64>()
            client.onConnected = { client in
                sends.note(shard.counters.sends)
                client.cork()
                for byte in 0..<100 { client.send([UInt8(byte)]) }
                if explicitly { client.uncork() }
                sends.note(shard.counters.sends)
            }
            await shard.run { client.connect(to: address) }
            await client.sights.until { $0.bytes.count == 100 }
            #expect(client.bytes == (0..<100).map { UInt8($0) })
            #expect(sends.events[1] - sends.events[0] == (explicitly ? 1 : 0))
            // One for the client's frames, at most a few for the echo's answers.
            #expect(await shard.run { shard.counters.sends } <= 4)
        }
    }

    @Test("More than the cork holds keeps its order")
    func corkOverflows() async throws {
        let sent = Self.pattern(300_000)
        try await withShard { shard in
            let server = ScriptedEndpoint(shard: shard)
            let listener = try Listener(shard: shard, addresses: [.loopback(port: 0)]) { _, _ in server }
            let client = ScriptedEndpoint(shard: shard)
            client.onConnected = { client in
                client.cork()
                var rest = sent[...]
                while !rest.isEmpty {
                    client.send([UInt8](rest.prefix(7_777)))
                    rest = rest.dropFirst(7_777)
                }
                client.send([])
                client.closeGracefully()
            }
            await shard.run { client.connect(to: listener.addresses[0]) }
            #expect(await server.end() == .peerClosed)
            #expect(server.bytes == sent)
        }
    }
}

@Suite("Timers beside other work", .timeLimit(.minutes(5)))
struct TimerSliceTests {
    @Test("A timer that becomes due while many sockets are ready fires between them, not after them")
    func betweenSockets() async throws {
        try await withShard { shard in
            let order = Recorder<String>()
            let listener = try Listener(shard: shard, addresses: [.loopback(port: 0)]) { shard, _ in
                let peer = ScriptedEndpoint(shard: shard)
                peer.onReceived = { _, _ in
                    // Work on one socket.
                    let end = Shard.clock + .milliseconds(2)
                    while Shard.clock < end {}
                    order.note("socket")
                }
                return peer
            }
            let clients = try (0..<20).map { _ in try RawClient(to: listener.addresses[0]) }
            let timer = ScriptedEndpoint(shard: shard)
            timer.onTimer = { _, _ in order.note("timer") }
            while await shard.run({ shard.openConnections < 20 }) { try await Task.sleep(for: .milliseconds(1)) }
            await shard.run {
                // All twenty are ready when the shard next looks.
                for client in clients { client.send([1]) }
                let end = Shard.clock + .milliseconds(20)
                while Shard.clock < end {}
                timer.setTimer(at: Shard.clock + .milliseconds(3))
            }
            let events = await order.until(count: 21)
            let place = try #require(events.firstIndex(of: "timer"))
            #expect(place < 20, "after \(place) sockets")
        }
    }
}
