import Basis
import Synchronization
import Testing

@testable import Engine

@Suite("Addresses")
struct AddressTests {
    @Test(
        "Printed addresses parse to themselves",
        arguments: [
            "127.0.0.1:4320", "0.0.0.0:0", "255.255.255.255:65535", "[::1]:4320", "[::]:1", "[2001:db8::7]:443",
            "[::ffff:10.0.0.1]:80",
        ])
    func roundTrip(text: String) throws {
        let address = try #require(SocketAddress(text))
        #expect(address.description == text)
        #expect(SocketAddress(address.description) == address)
        #expect(SocketAddress(address.systemAddress) == address)
    }

    @Test(
        "What is not a literal with a port is not an address",
        arguments: [
            "", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+1", "127.0.0:1",
            "localhost:80",
            "::1:80", "[::1]", "[::1:80", "[127.0.0.1]:80", "1.2.3.4.5:6", "[fe80::1%nosuchinterface]:80",
            "127.0.0.1%lo:80",
        ])
    func rejected(text: String) {
        #expect(SocketAddress(text) == nil)
    }

    @Test(
        "Loopback is 127.0.0.0/8 and ::1",
        arguments: [
            ("127.0.0.1", true), ("127.9.8.7", true), ("::1", true), ("128.0.0.1", false), ("::2", false),
            ("::", false),
        ])
    func loopback(host: String, isLoopback: Bool) throws {
        #expect(try #require(SocketAddress(host: host, port: 1)).isLoopback == isLoopback)
    }

    @Test("A range of source addresses counts on from its first")
    func advanced() throws {
        let first = try #require(SocketAddress("127.0.0.250:0"))
        #expect(first.advanced(by: 10)?.description == "127.0.1.4:0")
        #expect(try #require(SocketAddress("255.255.255.255:0")).advanced(by: 1) == nil)
        #expect(try #require(SocketAddress("[::1]:0")).advanced(by: 2)?.description == "[::3]:0")
    }

    @Test("Many agents asking for one host make one look-up")
    func oneLookUp() async throws {
        let counter = Counter()
        let resolver = HostResolver(
            lookUp: { host in
                counter.add()
                return .success([SocketAddress.loopback(port: 0)])
            }, clock: { .zero })
        try await withThrowingTaskGroup { group in
            for port in 1...200 {
                group.addTask { try await resolver.resolve("server.test", port: UInt16(port)) }
            }
            for try await addresses in group { #expect(addresses.first?.host == "127.0.0.1") }
        }
        #expect(counter.value == 1)
        let again = try await resolver.resolve("server.test", port: 7)
        #expect(again == [.loopback(port: 7)])
        #expect(counter.value == 1)
    }

    @Test("A failed look-up is cached for a short time, then the system is queried again")
    func failureExpires() async throws {
        let counter = Counter()
        let time = Mutex(Instant.zero)
        let resolver = HostResolver(
            lookUp: { host in
                counter.add()
                return .failure(.unknownHost(host))
            }, clock: { time.withLock { $0 } })
        for _ in 0..<3 {
            await #expect(throws: ResolveError.unknownHost("nobody.test")) {
                try await resolver.resolve("nobody.test", port: 1)
            }
        }
        #expect(counter.value == 1)
        time.withLock { $0 += HostResolver.failureLife }
        await #expect(throws: ResolveError.self) { try await resolver.resolve("nobody.test", port: 1) }
        #expect(counter.value == 2)
    }

    @Test("The system knows localhost, and names an unknown host as such")
    func system() async throws {
        let resolver = HostResolver()
        let local = try await resolver.resolve("localhost", port: 80)
        #expect(local.allSatisfy { $0.isLoopback && $0.port == 80 })
        await #expect(throws: ResolveError.self) { try await resolver.resolve("no-such-host.invalid", port: 1) }
    }

    @Test("A resolution for a shard arrives on that shard")
    func onShard() async throws {
        try await withShard { shard in
            let outcome = await withCheckedContinuation { continuation in
                HostResolver().resolve("127.0.0.3", port: 9, on: shard) { result in
                    shard.preconditionOnShard()
                    continuation.resume(returning: result)
                }
            }
            let expected = try #require(SocketAddress("127.0.0.3:9"))
            #expect(outcome == .success([expected]))
        }
    }
}

final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    func add(_ more: Int = 1) { count.add(more, ordering: .sequentiallyConsistent) }
    var value: Int { count.load(ordering: .sequentiallyConsistent) }
}
