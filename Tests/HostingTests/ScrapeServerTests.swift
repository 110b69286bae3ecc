import Basis
import Engine
import Hosting
import Synchronization
import TestSupport
import Testing
import Transport

@Suite("The page that Prometheus scrapes")
struct ScrapeServerTests {
    private static func with(
        _ page: @escaping @Sendable () -> ScrapeServer.Page?, _ body: (SocketAddress, Shard) async throws -> Void
    ) async throws {
        let server = try ScrapeServer(address: .loopback(port: 0)) { _ in page() }
        let shard = try Shard(label: "scraper")
        try await body(server.address, shard)
        await shard.stop()
        await server.stop()
    }

    @Test("Every scrape has the page as it is then, on one connection")
    func pages() async throws {
        let scrapes = Mutex(0)
        try await Self.with {
            let count = scrapes.withLock { count in
                count += 1
                return count
            }
            return ScrapeServer.Page(contentType: "text/plain", body: "scrapes \(count)\n")
        } _: { address, shard in
            let request = Array("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
            let client = RawClient.send(request + request, to: address, on: shard)
            try await client.wait(until: "two pages") { $0.text.contains("scrapes 2\n") }
            #expect(client.text.contains("scrapes 1\n"))
            #expect(client.text.contains("Content-Type: text/plain\r\n"))
            #expect(!client.isClosed)
        }
    }

    @Test(
        "An invalid scrape is refused with its status and the connection ends",
        arguments: [
            ("GET /other HTTP/1.1\r\nHost: x\r\n\r\n", 404),
            ("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 405),
            ("nonsense\r\n\r\n", 400),
            ("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n", 413),
        ])
    func refusals(request: String, status: Int) async throws {
        try await Self.with({ ScrapeServer.Page(contentType: "text/plain", body: "x") }) { address, shard in
            let client = RawClient.send(Array(request.utf8), to: address, on: shard)
            try await client.wait(until: "the end") { $0.isClosed }
            #expect(client.text.hasPrefix("HTTP/1.1 \(status) "))
        }
    }

    @Test("Before there are any figures the answer is 503")
    func early() async throws {
        try await Self.with({ nil }) { address, shard in
            let client = RawClient.send(Array("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".utf8), to: address, on: shard)
            try await client.wait(until: "the end") { $0.isClosed }
            #expect(client.text.hasPrefix("HTTP/1.1 503 "))
        }
    }

    @Test("A page sees the fields of its request, and may be any bytes")
    func wishes() async throws {
        let server = try ScrapeServer(address: .loopback(port: 0)) { request in
            ScrapeServer.Page(contentType: request.fields["Accept"] ?? "none", body: [0x00, 0xFF, 0x41])
        }
        let shard = try Shard(label: "scraper")
        let request = Array("GET /metrics HTTP/1.1\r\nHost: x\r\nAccept: a/b\r\n\r\n".utf8)
        let client = RawClient.send(request, to: server.address, on: shard)
        try await client.wait(until: "the page") { $0.bytes.suffix(3) == [0x00, 0xFF, 0x41] }
        #expect(client.text.contains("Content-Type: a/b\r\nContent-Length: 3\r\n"))
        await shard.stop()
        await server.stop()
    }

    @Test("A server of several pages gets path, query and fields; what it answers goes out as it is")
    func routes() async throws {
        let server = try ScrapeServer(address: .loopback(port: 0)) { request in
            var response = ScrapeServer.Response(
                status: request.method == .post ? 200 : 204,
                page: request.method == .post
                    ? .init(
                        contentType: "text/plain",
                        body: "\(request.path) \(request.query) \(request.fields["X-A"] ?? "")")
                    : nil)
            response.fields.append(("X-B", "c"))
            return response
        }
        let shard = try Shard(label: "client")
        let post = "POST /command/mark?value=a%20b HTTP/1.1\r\nHost: x\r\nX-A: d\r\nContent-Length: 0\r\n\r\n"
        let get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
        let client = RawClient.send(Array((post + get + post).utf8), to: server.address, on: shard)
        try await client.wait(until: "three answers") { $0.text.ranges(of: "X-B: c\r\n").count == 3 }
        try await client.wait(until: "the last body") { $0.text.hasSuffix("/command/mark value=a%20b d") }
        #expect(client.text.contains("HTTP/1.1 204 No Content\r\nX-B: c\r\n\r\n"))
        #expect(!client.isClosed)
        await shard.stop()
        await server.stop()
    }
}
