import Basis
import OpAMP
import Testing
import Transport

@testable import Observing

/// Messages found in bytes that pass.
@Suite("Reading a connection that is passed on")
struct ConnectionObserverTests {
    /// A connection as it passes: pieces of either side.
    fileprivate enum Piece {
        case agent([UInt8])
        case server([UInt8])
    }

    private static func report(_ sequence: UInt64, size: Int = 10) -> [UInt8] {
        var report = AgentToServer()
        report.instanceUID = .uid(InstanceUID(high: 9, low: 9))
        report.sequenceNumber = sequence
        report.capabilities = [.reportsStatus, .reportsHeartbeat]
        if sequence == 0 {
            report.agentDescription = AgentDescription(identifyingAttributes: [
                KeyValue(key: "service.name", value: .string("edge")),
                KeyValue(key: "filling", value: .string(String(repeating: "x", count: size))),
            ])
        }
        return report.encoded()
    }

    private static func answer() -> [UInt8] {
        var answer = ServerToAgent()
        answer.instanceUID = .uid(InstanceUID(high: 9, low: 9))
        answer.capabilities = .acceptsStatus
        return answer.encoded()
    }

    private static func webSocket(offer: DeflateOffer?, policy: DeflatePolicy) -> [Piece] {
        var (request, response): ([UInt8], [UInt8]) = ([], [])
        WebSocketClientHandshake(nonce: (3, 4), offer: offer).appendRequest(
            target: "/v1/opamp", host: "server", to: &request)
        var (reader, offset) = (HTTPReader(.requests), 0)
        if case .request(let head)? = try? reader.next(request.span.bytes, at: &offset) {
            _ = try? WebSocketServerHandshake.accept(head, deflate: policy, to: &response)
        }
        let deflater = offer.flatMap { _ in Deflater(windowBits: 15) }
        var frames: [UInt8] = []
        for sequence in 0..<3 {
            let payload = report(UInt64(sequence), size: 400)
            if let deflater {
                var compressed: [UInt8] = []
                deflater.message(payload.span.bytes, prefix: 0, into: &compressed)
                WebSocketFrame.append(
                    .binary, payload: compressed.span.bytes, mask: 77, isCompressed: true, to: &frames)
            } else {
                WebSocketFrame.appendFragments(
                    .binary, prefix: 0, payload: payload.span.bytes, ofSize: 100, nextMask: { 77 }, to: &frames)
            }
        }
        var answers: [UInt8] = []
        WebSocketFrame.append(.binary, prefix: 0, payload: answer().span.bytes, mask: nil, to: &answers)
        var close: [UInt8] = []
        WebSocketFrame.appendClose(.normal, mask: 77, to: &close)
        return [.agent(request), .server(response + answers), .agent(frames), .server(answers), .agent(close)]
    }

    private static func http(_ coding: ContentCoding) throws -> [Piece] {
        var pieces: [Piece] = []
        let coder = ContentCoder()
        for sequence in 0..<3 {
            var body: [UInt8] = []
            coder.encode(report(UInt64(sequence), size: 400).span.bytes, as: coding, into: &body)
            var fields = HTTPFields()
            try fields.append("Content-Type", "application/x-protobuf")
            try fields.append("Authorization", "Bearer hidden")
            if coding != .identity { try fields.append("Content-Encoding", coding.name) }
            var request: [UInt8] = []
            HTTPWriter.appendRequest(
                .post, target: "/v1/opamp", host: "server", fields: fields, contentLength: body.count, to: &request)
            var response: [UInt8] = []
            HTTPWriter.appendResponse(200, contentLength: answer().count, to: &response)
            pieces += [.agent(request + body), .server(response + answer())]
        }
        return pieces
    }

    /// What is seen of the pieces, each cut into parts of `size` bytes.
    private static func watch(_ pieces: [Piece], cutInto size: Int = .max) -> Observation {
        var limits = ObservingLimits()
        limits.checksConformance = true
        var fleet = FleetObserver(limits: limits, start: .zero)
        var observer = ConnectionObserver(limits: limits, at: .zero)
        let decoder = MessageDecoder()
        for (second, piece) in pieces.enumerated() {
            let now = Instant.zero + .seconds(Int64(second))
            let (bytes, isAgent) =
                switch piece {
                case .agent(let bytes): (bytes, true)
                case .server(let bytes): (bytes, false)
                }
            for start in stride(from: 0, to: bytes.count, by: min(size, max(bytes.count, 1))) {
                let part = Array(bytes[start..<min(start + min(size, bytes.count), bytes.count)])
                if isAgent {
                    observer.agentSent(part.span.bytes, at: now, &fleet, decoder)
                } else {
                    observer.serverSent(part.span.bytes, at: now, &fleet, decoder)
                }
            }
        }
        let end = Instant.zero + .seconds(Int64(pieces.count))
        observer.ended(.agentFinished, at: end, &fleet, decoder)
        #expect(decoder.keptInflaters == 0)
        return fleet.observation(at: end)
    }

    /// The ways in which the three reports of an agent travel.
    enum Way: CaseIterable {
        case plain, deflate, deflateWithTakeover, http, gzip, zstd

        fileprivate func pieces() throws -> [Piece] {
            switch self {
            case .plain: ConnectionObserverTests.webSocket(offer: nil, policy: DeflatePolicy())
            case .deflate: ConnectionObserverTests.webSocket(offer: DeflateOffer(), policy: DeflatePolicy())
            case .deflateWithTakeover:
                ConnectionObserverTests.webSocket(
                    offer: DeflateOffer(clientNoContextTakeover: false, serverNoContextTakeover: false),
                    policy: DeflatePolicy(noContextTakeover: false))
            case .http: try ConnectionObserverTests.http(.identity)
            case .gzip: try ConnectionObserverTests.http(.gzip)
            case .zstd: try ConnectionObserverTests.http(.zstd)
            }
        }
    }

    @Test("The same messages are found wherever the bytes are cut", arguments: Way.allCases, [1, 2, 7, 100, Int.max])
    func cut(_ way: Way, _ size: Int) throws {
        let observation = Self.watch(try way.pieces(), cutInto: size)
        #expect(observation.unwatched.isEmpty, "\(observation.unwatched)")
        #expect(observation.unreadable == 0)
        let cohort = try #require(observation.cohorts.first)
        #expect(cohort.key.serviceName == "edge")
        #expect((cohort.agents, cohort.reports, cohort.heartbeats) == (1, 3, 2))
        #expect(cohort.firstReportBytes.kept == [Double(Self.report(0, size: 400).count)])
        #expect(observation.serverViolations.isEmpty, "\(observation.serverViolations)")
        switch way {
        case .plain: #expect(cohort.compressed == 0)
        case .deflate, .deflateWithTakeover: #expect((cohort.compressed, cohort.deflating) == (3, 1))
        case .http: #expect((cohort.compressed, cohort.polling) == (0, 1))
        case .gzip: #expect((cohort.gzipRequests, cohort.polling) == (3, 1))
        case .zstd: #expect((cohort.zstdRequests, cohort.polling) == (3, 1))
        }
        let isWebSocket = cohort.polling == 0
        #expect(cohort.connectionEnds == (isWebSocket ? [.close: 1] : [:]))
    }

    @Test("More connections that need decompressors of their own than are kept pass unseen")
    func decompressors() throws {
        var limits = ObservingLimits()
        limits.keptDecompressors = 3
        var fleet = FleetObserver(limits: limits, start: .zero)
        let decoder = MessageDecoder()
        let pieces = try Way.deflateWithTakeover.pieces()
        for _ in 0..<4 {
            var observer = ConnectionObserver(limits: limits, at: .zero)
            if case .agent(let request) = pieces[0], case .server(let response) = pieces[1] {
                observer.agentSent(request.span.bytes, at: .zero, &fleet, decoder)
                observer.serverSent(response.span.bytes, at: .zero, &fleet, decoder)
            }
        }
        #expect(fleet.unwatched == [.decompressors: 3])
        #expect(decoder.keptInflaters == 2)
    }

    @Test(
        "What is held is the unfinished message, however large the others are, and nothing between messages",
        arguments: Way.allCases)
    func memory(_ way: Way) throws {
        var limits = ObservingLimits()
        limits.messageBytes = 2_048
        var fleet = FleetObserver(limits: limits, start: .zero)
        var observer = ConnectionObserver(limits: limits, at: .zero)
        let decoder = MessageDecoder()
        var most = 0
        for piece in try way.pieces() {
            let (bytes, isAgent) =
                switch piece {
                case .agent(let bytes): (bytes, true)
                case .server(let bytes): (bytes, false)
                }
            for index in bytes.indices {
                let part = bytes.span.bytes.extracting(index..<(index + 1))
                if isAgent {
                    observer.agentSent(part, at: .zero, &fleet, decoder)
                } else {
                    observer.serverSent(part, at: .zero, &fleet, decoder)
                }
                most = max(most, observer.reservedBytes)
            }
            #expect(observer.reservedBytes == 0)
        }
        #expect(observer.isWatched)
        #expect((1...(8 * 2_048)).contains(most), "\(most) bytes")
    }

    @Test("Damaged bytes end the watch of their connection, and nothing else", arguments: 0..<100)
    func damaged(_ seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let way = Way.allCases[random.index(below: Way.allCases.count)]
        let pieces = try way.pieces().map { piece in
            func damage(_ bytes: [UInt8]) -> [UInt8] {
                guard !bytes.isEmpty, random.unit() < 0.5 else { return bytes }
                var bytes = bytes
                for _ in 0...random.index(below: 4) {
                    bytes[random.index(below: bytes.count)] = UInt8(truncatingIfNeeded: random.next())
                }
                return bytes
            }
            switch piece {
            case .agent(let bytes): return Piece.agent(damage(bytes))
            case .server(let bytes): return Piece.server(damage(bytes))
            }
        }
        let whole = Self.watch(pieces)
        let cut = Self.watch(pieces, cutInto: 1 + random.index(below: 20))
        #expect(whole.unwatched == cut.unwatched)
        #expect(whole.cohorts.map(\.reports) == cut.cohorts.map(\.reports))
    }
}
