import Basis
import Transport

/// The plain HTTP of a connection, requests and responses, up to an upgrade to WebSocket.
final class HTTPWatch {
    /// A message whose body is arriving.
    private struct Arriving {
        /// The body is read; else it passes.
        var isRead: Bool
        var coding: ContentCoding
        var body: [UInt8] = []
    }

    private var requests = HTTPReader(.requests)
    private var responses = HTTPReader(.responses)
    private var request = Arriving(isRead: false, coding: .identity)
    private var response = Arriving(isRead: false, coding: .identity)
    private var asksForUpgrade = false
    private let limit: Int

    init(limits: ObservingLimits) {
        limit = Int(limits.messageBytes)
    }

    /// How many bytes of memory its unfinished messages use.
    var reservedBytes: Int {
        requests.reservedBytes + responses.reservedBytes + request.body.capacity + response.body.capacity
    }

    func readRequests(
        _ bytes: RawSpan, at offset: inout Int, _ now: Instant, _ connection: inout SeenConnection,
        _ fleet: inout FleetObserver, _ decoder: MessageDecoder
    ) throws(UnwatchedError) {
        while let event = try next(&requests, bytes, &offset) {
            switch event {
            case .request(let head):
                responses.expectResponse(to: head.method)
                asksForUpgrade = WebSocketServerHandshake.isUpgrade(head)
                request = Self.arriving(head.fields, isRead: Self.isReport(head))
            case .body(let range):
                append(bytes.extracting(range), to: &request)
            case .end:
                guard request.isRead else { continue }
                let (body, coding) = (request.body, request.coding)
                request.body = []
                let isDecoded = decode(body, coding, decoder) { report in
                    fleet.reported(report, Self.sending(coding), on: &connection, at: now)
                }
                if !isDecoded { fleet.unreadable += 1 }
            case .response, .informational: break
            }
        }
    }

    /// - Returns: what was agreed on where the connection is a WebSocket from `offset` on.
    func readResponses(
        _ bytes: RawSpan, at offset: inout Int, _ now: Instant, _ connection: inout SeenConnection,
        _ fleet: inout FleetObserver, _ decoder: MessageDecoder
    ) throws(UnwatchedError) -> (deflate: DeflateParameters?, Void)? {
        while let event = try next(&responses, bytes, &offset) {
            switch event {
            case .response(let head):
                if head.status == 101, asksForUpgrade { return (DeflateParameters(agreedIn: head.fields), ()) }
                response = Self.arriving(head.fields, isRead: request.isRead && head.status == 200)
            case .body(let range):
                append(bytes.extracting(range), to: &response)
            case .end:
                guard response.isRead else { continue }
                let (body, coding) = (response.body, response.coding)
                response.body = []
                let isDecoded = decode(body, coding, decoder) { answer in
                    fleet.answered(answer, on: &connection, at: now)
                }
                if !isDecoded { fleet.brokeReadability() }
            case .request, .informational: break
            }
        }
        return nil
    }

    private func next(
        _ reader: inout HTTPReader, _ bytes: RawSpan, _ offset: inout Int
    ) throws(UnwatchedError) -> HTTPEvent? {
        do throws(HTTPError) {
            return try reader.next(bytes, at: &offset)
        } catch {
            throw UnwatchedError(reason: .notUnderstood)
        }
    }

    private static func arriving(_ fields: HTTPFields, isRead: Bool) -> Arriving {
        guard let coding = try? ContentCoding(contentEncodingOf: fields) else {
            return Arriving(isRead: false, coding: .identity)
        }
        return Arriving(isRead: isRead, coding: coding)
    }

    /// A POST of protobuf that is not telemetry of the agents themselves (OTLP/HTTP Request).
    private static func isReport(_ head: HTTPRequestHead) -> Bool {
        guard head.method == .post, head.fields.hasMediaType("application/x-protobuf") else { return false }
        return !["/v1/traces", "/v1/metrics", "/v1/logs"].contains { head.path.hasSuffix($0) }
    }

    private static func sending(_ coding: ContentCoding) -> FleetObserver.Sending {
        switch coding {
        case .identity: FleetObserver.Sending()
        case .gzip: FleetObserver.Sending(.gzip)
        case .zstd: FleetObserver.Sending(.zstd)
        }
    }

    /// A body that is too large passes unread.
    private func append(_ piece: RawSpan, to arriving: inout Arriving) {
        guard arriving.isRead else { return }
        guard arriving.body.count + piece.byteCount <= limit else {
            arriving = Arriving(isRead: false, coding: .identity)
            return
        }
        arriving.body.append(piece)
    }

    /// - Returns: whether the body could be decoded.
    private func decode(
        _ body: [UInt8], _ coding: ContentCoding, _ decoder: MessageDecoder, _ take: (RawSpan) -> Void
    ) -> Bool {
        do throws(ContentCodingError) {
            try decoder.decode(body, as: coding, limit: limit, take)
            return true
        } catch {
            return false
        }
    }
}
