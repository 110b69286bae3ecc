import Basis
package import Engine
import Synchronization
import Testing

/// A client that writes bytes as they are and keeps all that it receives.
package final class RawClient: Endpoint, @unchecked Sendable {
    private let received = Mutex<[UInt8]>([])
    private let isOver = Mutex(false)
    private let request: [UInt8]
    private let pausesAfter: Int

    /// Connects to `address` and writes `request`.
    /// - Parameter pausesAfter: with so many bytes it stops reading.
    package static func send(
        _ request: [UInt8], to address: SocketAddress, on shard: Shard, pausesAfter: Int = .max
    ) -> RawClient {
        let client = RawClient(shard: shard, request: request, pausesAfter: pausesAfter)
        shard.perform { client.connect(to: address) }
        return client
    }

    private init(shard: Shard, request: [UInt8], pausesAfter: Int) {
        self.request = request
        self.pausesAfter = pausesAfter
        super.init(shard: shard)
    }

    package var bytes: [UInt8] { received.withLock { $0 } }
    package var text: String { String(decoding: bytes, as: UTF8.self) }
    package var isClosed: Bool { isOver.withLock { $0 } }

    /// Writes more.
    package func say(_ bytes: [UInt8]) {
        shard.perform { self.write(bytes.span.bytes) }
    }

    /// Ends the connection with a reset.
    package func reset() {
        shard.perform { self.abort() }
    }

    /// Ends what it writes, and goes on reading.
    package func halfClose() {
        shard.perform { self.closeGracefully(within: .seconds(60)) }
    }

    /// Waits until `condition` holds; a test fails where that does not happen in time.
    package func wait(until what: String, _ condition: (RawClient) -> Bool) async throws {
        let deadline = Shard.clock + .seconds(60)
        while Shard.clock < deadline {
            if condition(self) { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record("did not happen: \(what); received \(text.debugDescription)")
    }

    package override func connected() {
        let request = request
        write(request.span.bytes)
    }

    package override func received(_ bytes: RawSpan) {
        let copy = bytes.withUnsafeBytes { Array($0) }
        let count = received.withLock { received in
            received += copy
            return received.count
        }
        if count >= pausesAfter { pauseReading() }
    }

    package override func closed(_ cause: CloseCause) {
        isOver.withLock { $0 = true }
    }
}
