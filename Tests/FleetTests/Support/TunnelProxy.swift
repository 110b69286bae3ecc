import Basis
import Engine
import Synchronization

/// An HTTP proxy on the loopback that opens tunnels (RFC 9110, section 9.3.6) to one server, whatever name it is asked for, or to
/// the addresses on this machine that it is asked for.
final class TunnelProxy: Sendable {
    /// What came through it.
    struct Notes: Sendable {
        /// The first lines of the requests.
        var requests: [String] = []
        /// The first byte of each tunnel, as the client sent it.
        var firstBytes: [UInt8] = []
    }

    let port: UInt16
    private let shard: Shard
    private let listener: Listener
    private let log = Log()

    final class Log: Sendable {
        let notes = Mutex(Notes())
    }

    /// - Parameter server: nil: where each request says.
    init(to server: SocketAddress?) throws {
        shard = try Shard(label: "proxy")
        listener = try Listener(shard: shard, addresses: [.loopback(port: 0)]) { [log] shard, _ in
            TunnelEntry(shard: shard, server: server, log: log)
        }
        port = listener.addresses[0].port
    }

    var notes: Notes { log.notes.withLock { $0 } }

    func stop() async {
        listener.close()
        await shard.stop()
    }
}

/// The client's end of a tunnel.
private final class TunnelEntry: Endpoint, @unchecked Sendable {
    private let server: SocketAddress?
    private let log: TunnelProxy.Log
    private var head: [UInt8] = []
    private var exit: TunnelExit?

    init(shard: Shard, server: SocketAddress?, log: TunnelProxy.Log) {
        self.server = server
        self.log = log
        super.init(shard: shard)
    }

    override func received(_ bytes: RawSpan) {
        let bytes = bytes.withUnsafeBytes { [UInt8]($0) }
        if let exit {
            if let first = bytes.first, !exit.hasBegun {
                exit.hasBegun = true
                log.notes.withLock { $0.firstBytes.append(first) }
            }
            exit.write(bytes.span.bytes)
            return
        }
        head += bytes
        guard head.suffix(4) == Array("\r\n\r\n".utf8) else {
            if head.count > 8_192 { abort() }
            return
        }
        let line = String(decoding: head.prefix { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
        log.notes.withLock { $0.requests.append(line) }
        let authority = line.split(separator: " ").dropFirst().first?.split(separator: ":") ?? []
        let asked =
            authority.count == 2
            ? UInt16(authority[1]).flatMap { SocketAddress(host: String(authority[0]), port: $0) } : nil
        guard line.hasPrefix("CONNECT "), let server = server ?? asked else {
            write(Array("HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n".utf8).span.bytes)
            closeGracefully()
            return
        }
        let exit = TunnelExit(shard: shard, entry: self)
        self.exit = exit
        exit.connect(to: server)
    }

    func isOpen() {
        write(Array("HTTP/1.1 200 Connection established\r\n\r\n".utf8).span.bytes)
    }

    override func closed(_ cause: CloseCause) {
        exit?.closeGracefully()
        exit = nil
    }
}

/// The server's end of a tunnel.
private final class TunnelExit: Endpoint, @unchecked Sendable {
    private let entry: TunnelEntry
    var hasBegun = false

    init(shard: Shard, entry: TunnelEntry) {
        self.entry = entry
        super.init(shard: shard)
    }

    override func connected() { entry.isOpen() }

    override func received(_ bytes: RawSpan) { entry.write(bytes) }

    override func closed(_ cause: CloseCause) { entry.closeGracefully() }
}
