import Basis
import Engine
import Testing

@Suite("Connections", .timeLimit(.minutes(5)))
struct ConnectionTests {
    /// A listener that answers with what it receives.
    private static func echo(_ shard: Shard, _ host: String = "127.0.0.1") throws -> SocketAddress {
        let address = try #require(SocketAddress(host: host, port: 0))
        return try Listener(shard: shard, addresses: [address]) { shard, _ in EchoEndpoint(shard: shard) }.addresses[0]
    }

    @Test(
        "What is written is received back from an echo server, over IPv4 and IPv6",
        arguments: ["127.0.0.1", "127.8.7.6", "::1"])
    func echoes(host: String) async throws {
        try await withShard { shard in
            let address = try Self.echo(shard, host)
            let client = ScriptedEndpoint(shard: shard)
            client.onConnected = { $0.send([1, 2, 3]) }
            await shard.run { client.connect(to: address) }
            await client.sights.until { $0.contains(.received([1, 2, 3])) }
            let addresses = await shard.run { [client.peerAddress, client.localAddress] }
            #expect(addresses[0] == address)
            #expect(addresses[1]?.isLoopback == true)
            #expect(addresses[1] != address)
            await shard.run { client.closeGracefully() }
            #expect(await client.end() == .local)
        }
    }

    @Test("2,000 connections each get their own bytes back")
    func manyConnections() async throws {
        FileLimits.raise()
        try await withShard { shard in
            let address = try Self.echo(shard)
            let done = Counter()
            let finished = Recorder<Bool>()
            await shard.run {
                for index in 0..<2000 {
                    let client = ScriptedEndpoint(shard: shard)
                    let mine = [UInt8](String(index).utf8)
                    client.onConnected = { $0.send(mine) }
                    client.onReceived = { client, bytes in
                        if bytes == mine { done.add() }
                        client.abort()
                    }
                    client.onClosed = { _, cause in finished.note(cause == .local) }
                    client.connect(to: address, timeout: .seconds(30))
                }
            }
            let outcomes = await finished.until(count: 2000)
            #expect(done.value == 2000)
            #expect(outcomes.allSatisfy { $0 })
            #expect(await shard.run { shard.counters.connects } == 2000)
        }
    }

    @Test("A port without a listener refuses the connection")
    func refused() async throws {
        let address = try unusedAddress()
        try await withShard { shard in
            let client = ScriptedEndpoint(shard: shard)
            await shard.run { client.connect(to: address) }
            #expect(await client.end() == .refused)
        }
    }

    @Test("A listener whose backlog is full lets connects time out")
    func connectTimeout() async throws {
        let silent = try RawListener(backlog: 0)
        try await withShard { shard in
            let clients = (0..<8).map { _ in ScriptedEndpoint(shard: shard) }
            await shard.run {
                for client in clients { client.connect(to: silent.address, timeout: .milliseconds(300)) }
            }
            let timedOut = Counter()
            for client in clients {
                let sights = await client.sights.until { !$0.isEmpty }
                if sights == [.closed(.timedOut(.connect))] { timedOut.add() }
            }
            #expect(timedOut.value >= 5)
        }
    }

    @Test("A source address that is not this machine's is named as such")
    func badSource() async throws {
        try await withShard { shard in
            let address = try Self.echo(shard)
            let client = ScriptedEndpoint(shard: shard)
            let foreign = try #require(SocketAddress("192.0.2.1:0"))
            await shard.run { client.connect(to: address, from: foreign) }
            #expect(await client.end() == .badSource)
        }
    }

    @Test("Connections use the requested source address", arguments: 2..<6)
    func sourceAddresses(last: Int) async throws {
        try await withShard { shard in
            let peers = Recorder<SocketAddress>()
            let listener = try Listener(shard: shard, addresses: [.loopback(port: 0)]) { shard, peer in
                peers.note(peer)
                return EchoEndpoint(shard: shard)
            }
            let source = try #require(SocketAddress("127.0.0.\(last):0"))
            let client = ScriptedEndpoint(shard: shard)
            await shard.run { client.connect(to: listener.addresses[0], from: source) }
            await client.sights.until { $0.contains(.connected) }
            let peer = await peers.until(count: 1)[0]
            #expect(peer.host == "127.0.0.\(last)")
            #expect(await shard.run { client.localAddress } == peer)
        }
    }

    @Test("A reset by the peer is told as a reset")
    func reset() async throws {
        try await withShard { shard in
            let listener = try Listener(shard: shard, addresses: [.loopback(port: 0)]) { shard, _ in
                let peer = ScriptedEndpoint(shard: shard)
                peer.onReceived = { peer, _ in peer.abort() }
                return peer
            }
            let client = ScriptedEndpoint(shard: shard)
            client.onConnected = { $0.send([1]) }
            await shard.run { client.connect(to: listener.addresses[0]) }
            #expect(await client.end() == .reset)
        }
    }

    @Test("A peer's orderly close is reported as such, after its last bytes")
    func peerClosed() async throws {
        try await withShard { shard in
            let listener = try Listener(shard: shard, addresses: [.loopback(port: 0)]) { shard, _ in
                let peer = ScriptedEndpoint(shard: shard)
                peer.onConnected = {
                    $0.send([7, 8])
                    $0.closeGracefully()
                }
                return peer
            }
            let client = ScriptedEndpoint(shard: shard)
            await shard.run { client.connect(to: listener.addresses[0]) }
            #expect(await client.end() == .peerClosed)
            #expect(client.sights.events == [.connected, .received([7, 8]), .peerFinished, .closed(.peerClosed)])
        }
    }

    @Test("A half-closed connection can still be written to when its owner wants it")
    func halfClosed() async throws {
        try await withShard { shard in
            let listener = try Listener(shard: shard, addresses: [.loopback(port: 0)]) { shard, _ in
                let peer = ScriptedEndpoint(shard: shard)
                peer.onPeerFinished = { peer in
                    peer.setTimer(at: shard.now + .milliseconds(20))
                    return true
                }
                peer.onTimer = { peer, _ in
                    peer.send([9])
                    peer.closeGracefully()
                }
                return peer
            }
            let raw = try RawClient(to: listener.addresses[0])
            raw.send([1])
            raw.finish()
            #expect(await raw.receiveAll() == [9])
        }
    }

    @Test("A listener that turns a peer away resets it and counts it")
    func turnedAway() async throws {
        try await withShard { shard in
            let listener = try Listener(shard: shard, addresses: [.loopback(port: 0)]) { _, _ in nil }
            let client = ScriptedEndpoint(shard: shard)
            await shard.run { client.connect(to: listener.addresses[0]) }
            #expect(await client.end() == .reset)
            #expect(await shard.run { shard.counters.acceptsRefused } == 1)
        }
    }

    @Test("A connection ends once nothing has arrived for the idle timeout")
    func idleTimeout() async throws {
        let limit = Nanoseconds.milliseconds(60)
        try await withShard { shard in
            let address = try Self.echo(shard)
            let silences = Recorder<Nanoseconds>()
            for exchanges in [0, 1, 20] {
                let client = ScriptedEndpoint(shard: shard)
                var last = Instant.zero
                var left = exchanges
                client.onConnected = { client in
                    last = shard.now
                    client.setTimer(at: shard.now + .milliseconds(10))
                }
                client.onTimer = { client, due in
                    guard left > 0 else { return }
                    left -= 1
                    client.send([1])
                    client.setTimer(at: due + .milliseconds(10))
                }
                client.onReceived = { _, _ in last = shard.now }
                client.onClosed = { _, _ in silences.note(shard.now - last) }
                await shard.run {
                    client.idleTimeout = limit
                    client.connect(to: address)
                }
                #expect(await client.end() == .timedOut(.idle))
            }
            // Asked of the shard: an end is seen a moment before it is noted.
            let noted = await shard.run { silences.events }
            #expect(noted.count == 3)
            #expect(noted.allSatisfy { $0 >= limit })
        }
    }

    @Test("Several addresses in one listener all accept; one in use is a typed error")
    func severalAddresses() async throws {
        try await withShard { shard in
            let wanted = ["127.0.0.1:0", "127.0.0.2:0", "[::1]:0"].compactMap { SocketAddress($0) }
            let listener = try Listener(shard: shard, addresses: wanted) { shard, _ in EchoEndpoint(shard: shard) }
            #expect(listener.addresses.count == 3)
            for address in listener.addresses {
                let client = ScriptedEndpoint(shard: shard)
                client.onConnected = { $0.send([5]) }
                await shard.run { client.connect(to: address) }
                await client.sights.until { $0.contains(.received([5])) }
            }
            #expect {
                try Listener(shard: shard, addresses: [listener.addresses[0]]) { _, _ in nil }
            } throws: { error in
                (error as? ListenError)?.reason == .addressInUse
            }
            #expect {
                try Listener(shard: shard, addresses: [SocketAddress("192.0.2.1:0")].compactMap { $0 }) { _, _ in nil }
            } throws: { error in
                (error as? ListenError)?.reason == .notOurAddress
            }
        }
    }

    @Test("Two shards share a port when both ask for it, and both accept")
    func sharedPort() async throws {
        try await withShard { first in
            try await withShard { second in
                var options = ListenerOptions()
                options.sharesPort = true
                let accepted = [Counter(), Counter()]
                let one = try Listener(shard: first, addresses: [.loopback(port: 0)], options: options) { shard, _ in
                    accepted[0].add()
                    return EchoEndpoint(shard: shard)
                }
                _ = try Listener(shard: second, addresses: one.addresses, options: options) { shard, _ in
                    accepted[1].add()
                    return EchoEndpoint(shard: shard)
                }
                let connected = Recorder<Bool>()
                let clients = (0..<64).map { _ in ScriptedEndpoint(shard: first) }
                await first.run {
                    for client in clients {
                        client.onConnected = { _ in connected.note(true) }
                        client.connect(to: one.addresses[0])
                    }
                }
                await connected.until(count: 64)
                while accepted[0].value + accepted[1].value < 64 { await Task.yield() }
                #expect(accepted.allSatisfy { $0.value > 0 })
            }
        }
    }

    @Test("A process without descriptors pauses accepting, counts it, and continues when there are some")
    func descriptorsRunOut() async {
        await #expect(processExitsWith: .success) {
            let limits = FileLimits.current
            let server = try Shard(label: "server")
            let listener = try Listener(shard: server, addresses: [.loopback(port: 0)]) { shard, _ in
                EchoEndpoint(shard: shard)
            }
            let raw = try RawClient(to: listener.addresses[0])
            // An accept still under way would take a descriptor and give it back.
            while await server.run({ server.counters.accepts }) < 1 { await Task.yield() }
            let waiting = try RawClient()
            // From here on every descriptor below the limit is taken.
            let ballast = try Ballast(limit: ProcessFigures.current().openDescriptors + 8)
            try waiting.connect(to: listener.addresses[0])
            while await server.run({ server.counters.acceptPauses }) < 2 { await Task.yield() }
            let starved = ScriptedEndpoint(shard: server)
            await server.run { starved.connect(to: listener.addresses[0]) }
            let cause = await starved.end()
            precondition(cause == .outOfDescriptors)
            ballast.release(limits)
            waiting.send([1])
            waiting.finish()
            let answer = await waiting.receiveAll()
            precondition(answer == [1])
            _ = raw
            await server.stop()
        }
    }

    @Test("A closed listener accepts no more; its connections live on")
    func listenerCloses() async throws {
        try await withShard { shard in
            let listener = try Listener(shard: shard, addresses: [.loopback(port: 0)]) { shard, _ in
                EchoEndpoint(shard: shard)
            }
            let client = ScriptedEndpoint(shard: shard)
            await shard.run { client.connect(to: listener.addresses[0]) }
            await client.sights.until { $0.contains(.connected) }
            listener.close()
            await shard.run { client.send([4]) }
            await client.sights.until { $0.contains(.received([4])) }
            let late = ScriptedEndpoint(shard: shard)
            await shard.run { late.connect(to: listener.addresses[0]) }
            #expect(await late.end() == .refused)
        }
    }
}
