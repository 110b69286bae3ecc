import Basis
import Engine
import Hosting
import TestSupport
import Testing
import Transport

@Suite("Who may see and steer a run by its page")
struct PageGuardTests {
    private static func request(_ fields: [(String, String)]) throws -> ScrapeServer.Request {
        var all = HTTPFields()
        for (name, value) in fields { try all.append(name, value) }
        return ScrapeServer.Request(method: .post, path: "/command/drain", fields: all)
    }

    private static let here = PageGuard(for: .loopback(port: 9470))

    @Test("A token is made where others can reach the page, another each time, and not on the loopback interface")
    func tokens() throws {
        let everywhere = try #require(SocketAddress(host: "0.0.0.0", port: 9470))
        let tokens = (0..<3).compactMap { _ in PageGuard(for: everywhere).token }
        #expect(Set(tokens).count == 3 && tokens.allSatisfy { $0.count == 32 })
        #expect(Self.here.token == nil)
    }

    @Test(
        "On the loopback interface the page has the address of this machine, not a name that somebody bound to it",
        arguments: [
            ("127.0.0.1:9470", true), ("[::1]:9470", true), ("localhost:9470", true), ("localhost", true),
            ("127.0.0.1", true), ("evil.example:9470", false), ("localhost.evil.example:9470", false),
            ("192.0.2.1:9470", false), ("", false),
        ])
    func hosts(host: String, isAllowed: Bool) throws {
        let request = try Self.request([("Host", host)])
        #expect((Self.here.refusalOfFigures(request) == nil) == isAllowed)
        #expect((Self.here.refusalOfFrame(request) == nil) == isAllowed)
    }

    @Test(
        "A command needs the page's own field, and comes from the page's own site",
        arguments: [
            ([("X-Muster-Command", "1")], true), ([], false),
            ([("X-Muster-Command", "1"), ("Origin", "http://127.0.0.1:9470")], true),
            ([("X-Muster-Command", "1"), ("Origin", "http://evil.example")], false),
            ([("X-Muster-Command", "1"), ("Origin", "null")], false),
            ([("X-Muster-Command", "1"), ("Origin", "http://127.0.0.1:8080")], false),
            ([("X-Muster-Command", "1"), ("Sec-Fetch-Site", "same-origin")], true),
            ([("X-Muster-Command", "1"), ("Sec-Fetch-Site", "cross-site")], false),
        ] as [([(String, String)], Bool)])
    func origins(fields: [(String, String)], isAllowed: Bool) throws {
        let request = try Self.request([("Host", "127.0.0.1:9470")] + fields)
        #expect((Self.here.refusalOfCommand(request) == nil) == isAllowed)
    }

    @Test("Where a token is needed, figures and commands are refused without it; the frame has none of them")
    func withToken() throws {
        let pageGuard = PageGuard(token: "0123456789abcdef")
        func refusal(_ fields: [(String, String)]) throws -> PageGuard.Refusal? {
            pageGuard.refusalOfCommand(
                try Self.request([("Host", "192.0.2.1:9470"), ("X-Muster-Command", "1")] + fields))
        }
        #expect(try refusal([]) == .unauthorized)
        #expect(try refusal([("Authorization", "Bearer 0123456789abcdee")]) == .unauthorized)
        #expect(try refusal([("Authorization", "Bearer 0123456789abcde")]) == .unauthorized)
        #expect(try refusal([("Authorization", "Bearer ")]) == .unauthorized)
        #expect(try refusal([("Authorization", "Bearer 0123456789abcdef")]) == nil)
        #expect(
            try refusal([("Authorization", "Bearer 0123456789abcdef"), ("Origin", "http://evil.example")]) == .foreign)
        #expect(pageGuard.refusalOfFrame(try Self.request([])) == nil)
        #expect(PageGuard.Refusal.unauthorized.status == 401 && PageGuard.Refusal.foreign.status == 403)
    }
}
