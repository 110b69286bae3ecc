import Basis
public import Transport

/// Fetches one file over any number of connections (specification: Downloading Packages): bytes in, events out.
///
/// Each connection carries one request: `begin` writes it, `next` reads its response, `connectionEnded` says what the
/// end meant. A transfer that broke is resumed where it stopped, if the server lets it (RFC 9110, section 14: Range,
/// If-Range with the strong validator of the first response); where the server sends the whole again, or another piece
/// than was requested, the file starts again. The offer's headers go to the server that the offer names and to no
/// other.
public struct FileTransfer: Sendable {
    /// What a caller may have to do.
    public enum Event: Equatable, Sendable {
        /// The next bytes of the file stand at this range of the input.
        case body(Range<Int>)
        /// The bytes received until now are invalid: the file starts again with the bytes that follow.
        case startedOver
        /// The rest of the file is coming.
        case resumed
        /// The file is complete. The connection is to be closed.
        case finished
        /// To be asked for at `url`, on a new connection.
        case redirected
        /// The attempt failed. The connection is to be closed.
        case failed(TransferFailure)
    }

    /// Bounds on what a server may make us do.
    public struct Limits: Hashable, Sendable {
        /// The largest file in bytes.
        public var bytes: Int
        /// Redirects one after the other.
        public var redirects: Int

        public init(bytes: Int = 1 << 30, redirects: Int = 5) {
            self.bytes = bytes
            self.redirects = redirects
        }
    }

    private enum State {
        case idle
        case awaitingHead
        case receiving
        /// The body of this response is not wanted.
        case done
    }

    /// The address of the file, after redirects.
    public private(set) var url: FileURL
    /// Bytes of the file that are here.
    public private(set) var received = 0
    /// The file's size, if the server has sent it.
    public private(set) var total: Int?
    /// When the server that refused wants to be asked again.
    public private(set) var retryAfter: RetryAfter?
    private let origin: FileURL
    private let fields: HTTPFields
    private let limits: Limits
    private let canResumeBlindly: Bool
    /// What makes a later piece one of the same file.
    private var validator: String?
    private var redirects = 0
    private var state = State.idle
    private var reader: HTTPReader
    /// The present request asked for the rest only.
    private var asksForRest = false
    /// The present request went to a proxy, which fetches the file.
    private var asksProxy = false

    /// - Parameters:
    ///   - fields: the headers of the offer (DownloadableFile.headers).
    ///   - canResumeBlindly: whether a broken transfer may be resumed although the server named no validator: the
    ///     content's hash will show whether the pieces belong together.
    public init(url: FileURL, fields: HTTPFields, limits: Limits, canResumeBlindly: Bool) {
        self.url = url
        origin = url
        self.fields = fields
        self.limits = limits
        self.canResumeBlindly = canResumeBlindly
        reader = HTTPReader(.responses)
    }

    /// Appends the request for the file, or for the rest of it, on a new connection.
    /// - Parameter proxy: what is for the proxy at the other end of the connection alone, which is asked to fetch the
    ///   file (RFC 9112, section 3.2.2: the target in absolute form); nil: the other end is the file's server.
    public mutating func begin(askingProxy proxy: HTTPFields? = nil, appendingRequestTo bytes: inout [UInt8]) {
        var fields = HTTPFields()
        if url.hasSameOrigin(as: origin) { fields = self.fields }
        // What was a field before is one again.
        for (name, value) in proxy?.all ?? [] { try? fields.append(name, value) }
        asksProxy = proxy != nil
        asksForRest = received > 0 && (validator != nil || canResumeBlindly)
        // Of texts that were fields before, or are ours, each is a valid field.
        try? fields.append("Accept-Encoding", "identity")
        if asksForRest {
            try? fields.append("Range", "bytes=\(received)-")
            if let validator { try? fields.append("If-Range", validator) }
        }
        try? fields.append("Connection", "close")
        var httpLimits = HTTPLimits()
        httpLimits.bodyBytes = .max
        reader = HTTPReader(.responses, limits: httpLimits)
        reader.expectResponse(to: .get)
        state = .awaitingHead
        retryAfter = nil
        let target = asksProxy ? "http://\(url.hostField)\(url.target)" : url.target
        HTTPWriter.appendRequest(.get, target: target, host: url.hostField, fields: fields, to: &bytes)
    }

    /// The next event in `input[offset...]`; nil where there is none yet.
    public mutating func next(_ input: RawSpan, at offset: inout Int) -> Event? {
        do throws(HTTPError) {
            while true {
                switch state {
                case .idle, .done: return nil
                case .awaitingHead, .receiving: break
                }
                guard let event = try reader.next(input, at: &offset) else { return nil }
                switch event {
                case .request, .informational: continue
                case .response(let head):
                    if let answer = take(head) { return answer }
                case .body(let range):
                    guard case .receiving = state else { continue }
                    return take(range)
                case .end:
                    return ended()
                }
            }
        } catch {
            return fail(.malformed(error.name))
        }
    }

    /// The connection ended, on either side; nil if that has no effect, because the answer was complete.
    public mutating func connectionEnded() -> Event? {
        switch state {
        case .idle, .done: return nil
        case .awaitingHead: return fail(.broken)
        case .receiving:
            // If the server sent no length, its close is the end of the file.
            if let event = try? reader.transportClosed(), case .end = event { return ended() }
            return fail(.broken)
        }
    }

    /// Forgets what is here: the file is fetched from its beginning.
    public mutating func startOver() {
        received = 0
        total = nil
        validator = nil
    }

    // MARK: - Responses

    private mutating func take(_ head: HTTPResponseHead) -> Event? {
        switch head.status {
        case 200:
            if let coding = head.fields["Content-Encoding"], coding.lowercased() != "identity" { return fail(.encoded) }
            return begin(whole: head)
        case 206:
            return begin(rest: head)
        case 416 where asksForRest:
            // No bytes follow the received ones: the file has changed, or was complete.
            startOver()
            return fail(.broken)
        case 301, 302, 303, 307, 308:
            return redirect(head)
        case 407 where asksProxy:
            return fail(.proxyRefused(status: head.status))
        default:
            retryAfter = head.fields["Retry-After"].flatMap(RetryAfter.init)
            return fail(.refused(status: head.status))
        }
    }

    private mutating func begin(whole head: HTTPResponseHead) -> Event? {
        let isAnew = received > 0
        received = 0
        total = head.fields["Content-Length"].flatMap { Int($0) }
        validator = Self.validator(of: head)
        if let total, total > limits.bytes { return fail(.tooLarge(limit: limits.bytes)) }
        state = .receiving
        return isAnew ? .startedOver : nil
    }

    private mutating func begin(rest head: HTTPResponseHead) -> Event? {
        guard asksForRest, let range = head.fields["Content-Range"].flatMap(ContentRange.init),
            range.range.lowerBound == received, total == nil || range.total == nil || range.total == total,
            range.total.map({ range.range.upperBound == $0 }) ?? true
        else {
            // Not the requested range: the next attempt requests the whole file.
            startOver()
            return fail(.malformed("http_bad_content_range"))
        }
        total = total ?? range.total ?? range.range.upperBound
        if let total, total > limits.bytes { return fail(.tooLarge(limit: limits.bytes)) }
        state = .receiving
        return .resumed
    }

    private mutating func redirect(_ head: HTTPResponseHead) -> Event? {
        redirects += 1
        guard redirects <= limits.redirects else { return fail(.tooManyRedirects(limit: limits.redirects)) }
        guard let next = head.fields["Location"].flatMap(url.following), next.isSecure || !url.isSecure else {
            return fail(.badRedirect)
        }
        url = next
        state = .done
        return .redirected
    }

    private mutating func take(_ range: Range<Int>) -> Event {
        let (sum, overflow) = received.addingReportingOverflow(range.count)
        guard !overflow, sum <= limits.bytes else { return fail(.tooLarge(limit: limits.bytes)) }
        received = sum
        return .body(range)
    }

    private mutating func ended() -> Event {
        guard case .receiving = state else { return fail(.broken) }
        guard total == nil || total == received else {
            startOver()
            return fail(.malformed("http_bad_content_range"))
        }
        state = .done
        return .finished
    }

    private mutating func fail(_ failure: TransferFailure) -> Event {
        state = .done
        return .failed(failure)
    }

    /// A strong entity tag, else the date of the last change (RFC 9110, section 13.1.5).
    private static func validator(of head: HTTPResponseHead) -> String? {
        if let tag = head.fields["ETag"] { return tag.hasPrefix("\"") ? tag : nil }
        return head.fields["Last-Modified"].flatMap { HTTPDate.unixSeconds($0) == nil ? nil : $0 }
    }
}
