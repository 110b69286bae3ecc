import Basis
import Testing

@testable import Hosting

@Suite("Servers whose messages decompress to too much")
struct DecompressionGuardTests {
    private let start = Instant.zero + .seconds(1)

    @Test(
        "After a bomb the server's messages are decompressed to a small size only, each time for longer"
    )
    func pauses() {
        var state = DecompressionGuard()
        #expect(state.limit(64 << 20, for: "a:1", at: start) == 64 << 20)
        state.exceeded(by: "a:1", at: start)
        #expect(state.limit(64 << 20, for: "a:1", at: start) == DecompressionGuard.limitDuringPause)
        #expect(state.limit(1_000, for: "a:1", at: start) == 1_000)
        #expect(state.limit(64 << 20, for: "b:1", at: start) == 64 << 20)
        // During the pause more of them change nothing.
        let later = start + DecompressionGuard.firstPause
        state.exceeded(by: "a:1", at: later - .seconds(1))
        #expect(state.limit(64 << 20, for: "a:1", at: later) == 64 << 20)
        state.exceeded(by: "a:1", at: later)
        let double = DecompressionGuard.firstPause * 2
        #expect(state.limit(64 << 20, for: "a:1", at: later + double - .seconds(1)) < 64 << 20)
        #expect(state.limit(64 << 20, for: "a:1", at: later + double) == 64 << 20)
        var at = later
        for _ in 0..<20 {
            at += DecompressionGuard.longestPause
            state.exceeded(by: "a:1", at: at)
        }
        #expect(state.limit(64 << 20, for: "a:1", at: at + DecompressionGuard.longestPause) == 64 << 20)
    }

    @Test("Any number of servers uses bounded memory")
    func manyServers() {
        var state = DecompressionGuard()
        for index in 0..<5_000 { state.exceeded(by: "host:\(index)", at: start) }
        #expect(state.serverCount <= 1_024)
        // Those whose pauses are over make room.
        let later = start + DecompressionGuard.firstPause
        state.exceeded(by: "new:1", at: later)
        #expect(state.limit(64 << 20, for: "new:1", at: later) == DecompressionGuard.limitDuringPause)
    }
}
