import Basis
import COpenSSL
import OpenSSL
import RecordSupport
import TLSRecords
import Testing

@testable import Engine

/// A connection is handed over at a random permitted point of a random stream that is cut anywhere, also in the middle
/// of a record, a message or the handshake. Nothing is lost, and both directions continue.
@Suite("Points of the hand-over", .timeLimit(.minutes(5)))
struct HandOverPointTests {
    private static let contexts: (server: TLSServerContext, clients: [TLSClientContext])? = {
        let suites = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"]
        guard let authority = try? CertificateAuthority(),
            let identity = try? authority.issue(.init(commonName: "server", hosts: ["127.0.0.1"])),
            let server = try? TLSServerContext(TLSServerOptions(identity: identity))
        else { return nil }
        return (
            server,
            suites.compactMap { suite in
                var options = TLSClientOptions(trust: .authorities(authority.certificate.pem))
                options.cipherSuites = [suite]
                options.resumes = false
                return try? TLSClientContext(options)
            }
        )
    }()

    @Test("Whatever OpenSSL has not read the record layer reads, in both roles", arguments: 0..<300)
    func points(seed: Int) throws {
        var random = SeededRandom(seed: 31, stream: UInt64(seed))
        let contexts = try #require(Self.contexts)
        let isServer = seed % 2 == 1
        var pair = try HandshakePair(contexts.server, contexts.clients[seed % 3])
        try pair.shakeHands(&random)
        let (tested, channel) = isServer ? (pair.server, pair.serverChannel) : (pair.client, pair.clientChannel)
        let peer = isServer ? pair.client : pair.server
        // The peer is a record layer at once, so that it can send what OpenSSL would not.
        #expect(peer.reasonToKeep(hasOutput: false) == nil)
        let resources = RecordResources()
        guard var other = peer.recordLayer(resources) else { throw PointError() }
        let (stream, data, updates) = Self.stream(from: &other, toServer: isServer, &random, resources)
        var reader = PointReader(tested, channel, eagerness: 1 + random.index(below: 5))
        var position = 0
        var failed = false
        do {
            while position < stream.count {
                let end = Self.cut(stream, after: position, &random)
                try reader.receive(Array(stream[position..<end]), &random, resources)
                position = end
            }
            if reader.layer == nil, updates == 0 { try reader.handOver(resources, must: true) }
        } catch {
            failed = true
        }
        #expect(!failed && reader.data == data, "seed \(seed)")
        if reader.layer != nil {
            reader.seal([9, 9], resources)
            let (back, result) = other.open(reader.sent, resources)
            #expect(result.end == .needsInput && back.suffix(2) == [9, 9], "seed \(seed): the way back")
        }
        reader.end(resources)
        other.end(resources)
    }

    /// Where a read ends: between two records, where a message may have been begun; after a record's header; anywhere.
    private static func cut(_ stream: [UInt8], after position: Int, _ random: inout SeededRandom) -> Int {
        var record = 0
        while record <= position { record += 5 + Int(stream[record + 3]) << 8 + Int(stream[record + 4]) }
        switch random.index(below: 3) {
        case 0: return record
        case 1: return min(stream.count, record + 5)
        default:
            return min(stream.count, position + 1 + random.index(below: [6, 60, 600, 20_000][random.index(below: 4)]))
        }
    }

    /// Data, empty and padded records, tickets whole, padded or in pieces, now and then a key update.
    private static func stream(
        from sender: inout RecordLayer, toServer: Bool, _ random: inout SeededRandom, _ resources: RecordResources
    ) -> (stream: [UInt8], data: [UInt8], updates: Int) {
        var (stream, data, updates): ([UInt8], [UInt8], Int) = ([], [], 0)
        for _ in 0..<(2 + random.index(below: 7)) {
            switch random.index(below: toServer ? 4 : 6) {
            case 0: stream += sender.seal([], padding: random.index(below: 30), resources)
            case 1 where random.chance(0.15):
                stream += sender.update(requesting: random.chance(0.5), resources)
                updates += 1
            case 4, 5:
                let body = random.bytes(8) + [2, 1, 2, 0, 40] + random.bytes(40) + [0, 0]
                var rest = ([4, 0, 0, UInt8(body.count)] + body)[...]
                let isPadded = random.chance(0.3)
                let isWhole = random.chance(0.6)
                while !rest.isEmpty {
                    let count = isWhole ? rest.count : 1 + random.index(below: min(rest.count, 60))
                    stream += sender.record(22, Array(rest.prefix(count)), padding: isPadded ? 9 : 0, resources)
                    rest = rest.dropFirst(count)
                }
            default:
                let text = random.bytes(1 + random.index(below: random.chance(0.1) ? 30_000 : 300))
                data += text
                stream += sender.seal(text, resources)
            }
        }
        return (stream, data, updates)
    }
}

/// A client and a server of OpenSSL's, without sockets.
private struct HandshakePair {
    let clientChannel = TLSChannel(readBufferBytes: 65_536)
    let serverChannel = TLSChannel(readBufferBytes: 65_536)
    let client: TLSState
    let server: TLSState

    init(_ serverContext: TLSServerContext, _ clientContext: TLSClientContext) throws {
        let now = Instant(nanoseconds: 0)
        let address = try #require(SocketAddress("127.0.0.1:1"))
        let start = TLSStart(address: address, serverName: nil, identity: nil, resumes: false)
        let plan = TLSPlan(clientContext, start, clientChannel)
        client = try #require(TLSState(plan, channel: clientChannel, at: now))
        server = try #require(TLSState(server: serverContext, channel: serverChannel, at: now))
    }

    /// The flights come in pieces too, the server's ticket with them.
    mutating func shakeHands(_ random: inout SeededRandom) throws {
        _ = client.handshake()
        for _ in 0..<3 {
            pass(from: clientChannel, to: server, serverChannel, &random)
            pass(from: serverChannel, to: client, clientChannel, &random)
        }
        try #require(SSL_is_init_finished(client.pointer) == 1 && SSL_is_init_finished(server.pointer) == 1)
    }

    private func pass(
        from: TLSChannel, to state: TLSState, _ channel: TLSChannel, _ random: inout SeededRandom
    ) {
        let flight = Array(from.takeOutput())
        var position = 0
        while position < flight.count {
            let end = min(flight.count, position + (random.chance(0.3) ? flight.count : 1 + random.index(below: 400)))
            flight[position..<end].withUnsafeBytes { piece in
                channel.feeding(piece) {
                    _ = state.handshake()
                    guard SSL_is_init_finished(state.pointer) == 1 else { return }
                    // A ticket is read where it comes.
                    _ = state.read(into: channel.plaintext)
                }
            }
            position = end
        }
    }
}

/// The side under test: OpenSSL's until a random permitted point, then a record layer.
private struct PointReader: ~Copyable {
    private let state: TLSState
    private let channel: TLSChannel
    private let eagerness: Int
    var layer: RecordLayer?
    private(set) var data: [UInt8] = []
    private(set) var sent: [UInt8] = []

    init(_ state: TLSState, _ channel: TLSChannel, eagerness: Int) {
        (self.state, self.channel, self.eagerness) = (state, channel, eagerness)
    }

    mutating func receive(
        _ piece: [UInt8], _ random: inout SeededRandom, _ resources: RecordResources
    ) throws {
        guard layer == nil else { return try open(piece, resources) }
        var rest: [UInt8] = []
        try piece.withUnsafeBytes { bytes in
            // The channel keeps its input after this closure only until it is taken below.
            channel.pointer.pointee.input = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
            channel.pointer.pointee.input_count = bytes.count
            while layer == nil {
                if random.index(below: eagerness) == 0 { try handOver(resources, must: false) }
                guard layer == nil else { break }
                let size = random.chance(0.3) ? 50 : channel.plaintext.count
                let outcome = state.read(into: UnsafeMutableRawBufferPointer(rebasing: channel.plaintext[0..<size]))
                guard case .done(let count) = outcome else {
                    guard case .needsInput = outcome else { throw PointError() }
                    break
                }
                data += channel.plaintext[0..<count]
                // Bytes of this side by OpenSSL, so that its record number grows.
                if random.chance(0.25) { _ = [1, 2, 3].withUnsafeBytes { state.write($0) } }
                sent += channel.takeOutput()
            }
            sent += channel.takeOutput()
            rest = Array(channel.takeInput())
        }
        if layer != nil { try open(rest, resources) }
    }

    /// Hands over if that is permitted.
    mutating func handOver(_ resources: RecordResources, must: Bool) throws {
        let reason = state.reasonToKeep(hasOutput: channel.hasOutput)
        guard reason == nil else {
            // Padded tickets look like the beginning of a message.
            if must, reason != .amidMessage { throw PointError() }
            return
        }
        layer = state.recordLayer(resources)
    }

    private mutating func open(_ bytes: [UInt8], _ resources: RecordResources) throws {
        guard let (more, result) = layer?.open(bytes, resources) else { return }
        data += more
        guard result.end == .needsInput else { throw PointError() }
        if result.owesOutput, let owed = layer?.control(resources) { sent += owed }
    }

    mutating func seal(_ bytes: [UInt8], _ resources: RecordResources) {
        if let sealed = layer?.seal(bytes, resources) { sent += sealed }
    }

    mutating func end(_ resources: RecordResources) {
        if let layer = layer.take() { layer.end(resources) }
    }
}

private struct PointError: Error {}
