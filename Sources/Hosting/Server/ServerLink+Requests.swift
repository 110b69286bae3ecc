import Basis
import ControlPlane
import Engine
import OTLP
import Transport

/// Plain HTTP (specification: Plain HTTP Transport): one request after the other, each with its answer before the next
/// is read.
extension ServerLink {
    /// - Returns: whether a head or a body ended in the bytes.
    @discardableResult
    func readRequests(_ reading: RequestReading, _ bytes: RawSpan, _ offset: inout Int) -> Bool {
        var completed = false
        do throws(HTTPError) {
            while case .http = stage, !reading.isAnswering,
                let event = try reading.exchange.next(bytes, at: &offset)
            {
                completed = true
                if reading.isUnused {
                    reading.isUnused = false
                    host.wireCounts.connectionsUnused -= 1
                }
                switch event {
                case .upgrade(var head):
                    head.target = head.originForm
                    upgradeRequested(reading, head)
                    // What follows the request belongs to the WebSocket, and no client may send it before the 101.
                    return completed
                case .head(var head, let body):
                    head.target = head.originForm
                    judge(head, body, reading)
                case .request(var head, let keepAlive):
                    head.target = head.originForm
                    reading.began(head, keepAlive: keepAlive, on: host.wire)
                    answer(head, reading)
                    reading.exchange.releaseBody()
                }
            }
        } catch {
            countRequest(refusedWith: error.responseStatus)
            HTTPWriter.appendResponse(error.responseStatus, contentLength: 0, keepAlive: false, to: &host.output)
            leave()
            return completed
        }
        hold(bytes, from: offset, reading)
        return completed
    }

    private func hold(_ bytes: RawSpan, from offset: Int, _ reading: RequestReading) {
        guard case .http = stage, reading.isAnswering, offset < bytes.byteCount else { return }
        reading.held.append(bytes.extracting(offset..<bytes.byteCount))
        if reading.held.count >= RequestReading.heldLimit { pauseReading() }
    }

    private func upgradeRequested(_ reading: RequestReading, _ head: HTTPRequestHead) {
        guard let id else { return }
        reading.head = head
        guard host.serves(head.target) else {
            HTTPWriter.appendResponse(404, contentLength: 0, keepAlive: false, to: &host.output)
            return leave()
        }
        guard isAdmitted(head) else {
            HTTPWriter.appendResponse(
                401, fields: ServerLink.challenge, contentLength: 0, keepAlive: false, to: &host.output)
            return leave()
        }
        host.upgradeRequested(id)
    }

    /// Decides by the head whether the body of a request is received: before that not a byte of it is kept.
    private func judge(_ head: HTTPRequestHead, _ body: HTTPServerExchange.AnnouncedBody, _ reading: RequestReading) {
        if hasNoBody(head) {
            reading.refusal = nil
        } else {
            reading.refusal = refusal(of: head)
            guard reading.refusal != nil else {
                guard body.awaitsContinue else { return }
                HTTPWriter.appendContinue(to: &host.output)
                return flush()
            }
        }
        reading.exchange.dropBody()
        let isSmall = body.count.map { $0 <= RequestReading.droppedBodyLimit } ?? false
        guard body.awaitsContinue || !isSmall else { return }
        // Answered without waiting for the body; what still arrives of it is dropped while the connection closes.
        host.wireCounts.bodiesRefused += 1
        let status = reading.refusal ?? 413
        HTTPWriter.appendResponse(
            status, fields: fields(of: status), contentLength: 0, keepAlive: false, to: &host.output)
        leave()
    }

    /// Whether the request is for something that is read and never posted to: the counts, a package's file, or what a
    /// tester asks.
    private func hasNoBody(_ head: HTTPRequestHead) -> Bool {
        head.method == .get && (head.target == ServerHost.countsPath || isControl(head))
            || host.packages?.serves(head.target) == true
    }

    /// The status for a request that is neither a telemetry export nor an OpAMP poll of a client with the credentials
    /// for it, as its head tells: both are POSTs of protobuf.
    private func refusal(of head: HTTPRequestHead) -> UInt16? {
        if isControl(head) { return controlRefusal(of: head) }
        if host.telemetrySignal(head.target) != nil {
            if !isAdmitted(head, by: host.wire.telemetryCredentials ?? host.wire.credentials) { return 401 }
        } else {
            if !host.serves(head.target) { return 404 }
            if !isAdmitted(head) { return 401 }
        }
        if head.method != .post { return 405 }
        guard head.fields.hasMediaType("application/x-protobuf") else { return 415 }
        guard let coding = try? ContentCoding(contentEncodingOf: head.fields) else { return 415 }
        return coding == .identity || host.wire.codings.contains(coding) ? nil : 415
    }

    private func isAdmitted(_ head: HTTPRequestHead) -> Bool { isAdmitted(head, by: host.wire.credentials) }

    private func isAdmitted(_ head: HTTPRequestHead, by credentials: ServerWire.Credentials?) -> Bool {
        guard credentials?.admit(head.fields) == false else { return true }
        host.wireCounts.unauthorized += 1
        return false
    }

    private func answer(_ head: HTTPRequestHead, _ reading: RequestReading) {
        guard let id else { return }
        if head.method == .get, head.target == ServerHost.countsPath {
            return isAdmitted(head) ? host.tellCounts(to: self) : respond(401, reading)
        }
        if let packages = host.packages, packages.serves(head.target) {
            return answer(head, from: packages, reading)
        }
        if let status = reading.refusal {
            return respond(status, reading)
        }
        if isControl(head) {
            if head.method == .get, let status = controlRefusal(of: head) { return respond(status, reading) }
            return control(head, reading)
        }
        // From now on the connection is a polling one: it may be idle between polls, and an answer may need time.
        idleTimeout = ServerLink.pollTimeout
        do throws(ContentCodingError) {
            let coding = try ContentCoding(contentEncodingOf: head.fields)
            let body = reading.exchange.body
            let signal = host.telemetrySignal(head.target)
            if coding == .identity {
                if let signal { return take(body, signal, reading) }
                return host.received(body.span.bytes, from: id)
            }
            var content: [UInt8] = []
            try host.coder.decode(body.span.bytes, as: coding, limit: host.httpLimits.bodyBytes, into: &content)
            if let signal { return take(content, signal, reading) }
            host.wireCounts.compressedIn += 1
            host.wireCounts.compressedBytesIn += UInt64(body.count)
            host.wireCounts.decompressedBytesIn += UInt64(content.count)
            host.received(content.span.bytes, from: id)
        } catch {
            // Content that outgrows the limit has cost more than its bytes: the next one comes on another connection.
            if case .tooLarge = error { reading.keepsAlive = false }
            countRequest(refusedWith: error.responseStatus)
            respond(error.responseStatus, reading)
        }
    }

    /// Counts a request that breaks HTTP, cannot be decoded or is too large.
    private func countRequest(refusedWith status: UInt16) {
        if status == 413 || status == 431 {
            host.wireCounts.requestsTooLarge += 1
        } else {
            host.wireCounts.requestsMalformed += 1
        }
    }

    /// An agent's own telemetry: counted and answered at once, with an empty message as its response.
    private func take(_ body: [UInt8], _ signal: TelemetrySignal, _ reading: RequestReading) {
        if !reading.bringsTelemetry {
            reading.bringsTelemetry = true
            host.telemetry.connectionUsed()
        }
        let status = host.telemetry.received(body, signal)
        let nothing: [UInt8] = []
        respond(status, fields: status == 200 ? ServerLink.protobuf : HTTPFields(), body: nothing.span.bytes, reading)
    }

    // MARK: - Answers

    /// The answer to a poll: the body of a 200.
    func respond(with answer: RawSpan, _ reading: RequestReading) {
        guard reading.coding != .identity, answer.byteCount >= ServerLink.compressionThreshold else {
            return respond(200, fields: ServerLink.protobuf, body: answer, reading)
        }
        var body: [UInt8] = []
        host.coder.encode(answer, as: reading.coding, into: &body)
        host.wireCounts.compressedOut += 1
        host.wireCounts.uncompressedBytesOut += UInt64(answer.byteCount)
        host.wireCounts.compressedBytesOut += UInt64(body.count)
        var fields = ServerLink.protobuf
        // The name of a coding is always a valid field value.
        try? fields.append("Content-Encoding", reading.coding.name)
        respond(200, fields: fields, body: body.span.bytes, reading)
    }

    private func respond(_ status: UInt16, _ reading: RequestReading) {
        let nothing: [UInt8] = []
        respond(status, fields: fields(of: status), body: nothing.span.bytes, reading)
    }

    /// The fields of a refusal.
    private func fields(of status: UInt16) -> HTTPFields {
        switch status {
        case 401: return ServerLink.challenge
        case 405: return ServerLink.allow
        case 415:
            // The codings that the server accepts (RFC 7694).
            let codings = host.wire.codings.map(\.name)
            return ServerLink.field("Accept-Encoding", codings.isEmpty ? "identity" : codings.joined(separator: ", "))
        default: return HTTPFields()
        }
    }

    func respond(_ status: UInt16, fields: HTTPFields, body: RawSpan, _ reading: RequestReading) {
        HTTPWriter.appendResponse(
            status, fields: fields, contentLength: body.byteCount, keepAlive: reading.keepsAlive, to: &host.output)
        host.output.append(body)
        reading.isAnswering = false
        guard reading.keepsAlive else { return leave() }
        flush()
        if let rest = host.wire.idleTimeout { idleTimeout = rest }
        // What the client has sent meanwhile is read from the shard's loop: the registry may be in the middle of
        // something.
        if !reading.held.isEmpty { setTimer(at: shard.now) }
    }

    /// Continues with what was held while a request was being answered.
    func readHeld() {
        guard case .http(let reading) = stage, !reading.isAnswering else { return }
        let held = reading.held
        reading.held = []
        resumeReading()
        var offset = 0
        noteArrival(completed: readRequests(reading, held.span.bytes, &offset))
    }

    /// The idle timeout of a polling agent's connection: several of the usual intervals, or a long pause before an
    /// answer.
    private static let pollTimeout = Nanoseconds.seconds(600)
    /// Smaller answers are not compressed: they gain nothing.
    static let compressionThreshold = 128

    static let protobuf = field("Content-Type", "application/x-protobuf")
    static let json = field("Content-Type", "application/json")
    static let plainText = field("Content-Type", "text/plain; charset=utf-8")
    private static let allow = field("Allow", "POST")
    static let challenge = field("WWW-Authenticate", "Bearer")

    private static func field(_ name: String, _ value: String) -> HTTPFields {
        var fields = HTTPFields()
        // Literals of visible characters are always valid fields.
        try? fields.append(name, value)
        return fields
    }
}
