import Basis
import Engine
import Synchronization
import Transport

/// A WebSocket server that says what a test has it say of extensions, and answers the first frame with the test's bytes.
final class DeflatingServer: Sendable {
    let address: SocketAddress
    private let shard: Shard
    private let listener: Listener
    private let inbox: Received

    fileprivate final class Received: Sendable {
        let bytes = Mutex<[UInt8]>([])
    }

    /// - Parameter answer: the 101's Sec-WebSocket-Extensions; nil for none.
    init(answer: String?, frame: [UInt8]) throws {
        let inbox = Received()
        self.inbox = inbox
        shard = try Shard(label: "deflating")
        listener = try Listener(shard: shard, addresses: [.loopback(port: 0)]) { shard, _ in
            DeflatingConnection(shard: shard, inbox: inbox, answer: answer, frame: frame)
        }
        address = listener.addresses[0]
    }

    /// What came behind the upgrade.
    var received: [UInt8] { inbox.bytes.withLock { $0 } }

    func stop() async {
        listener.close()
        await shard.stop()
    }

    private final class DeflatingConnection: Endpoint, @unchecked Sendable {
        private let inbox: Received
        private let answer: String?
        private let frame: [UInt8]
        private var reader = HTTPReader(.requests)
        private var isUpgraded = false

        init(shard: Shard, inbox: Received, answer: String?, frame: [UInt8]) {
            self.inbox = inbox
            self.answer = answer
            self.frame = frame
            super.init(shard: shard)
        }

        override func received(_ bytes: RawSpan) {
            if isUpgraded {
                let copy = bytes.withUnsafeBytes { Array($0) }
                inbox.bytes.withLock { $0 += copy }
                let frame = frame
                write(frame.span.bytes)
                return
            }
            var offset = 0
            while let event = try? reader.next(bytes, at: &offset) {
                guard case .request(let head) = event else { continue }
                var fields = HTTPFields()
                if let answer { try? fields.append("Sec-WebSocket-Extensions", answer) }
                var output: [UInt8] = []
                _ = try? WebSocketServerHandshake.accept(head, fields: fields, to: &output)
                isUpgraded = true
                write(output.span.bytes)
                return
            }
        }
    }
}
