import Transport

/// What an HTTP reader made of a run of pieces, bodies joined, so that two runs can be compared.
struct HTTPTranscript: Equatable {
    enum Entry: Equatable {
        case request(HTTPRequestHead)
        case informational(HTTPResponseHead)
        case response(HTTPResponseHead)
        case body([UInt8])
        case end(keepAlive: Bool)
        case error(HTTPError)
        /// What the reader left: the bytes of another protocol, or after the last message.
        case rest([UInt8])
    }

    var entries: [Entry] = []

    init(
        _ pieces: [[UInt8]], _ direction: HTTPDirection, limits: HTTPLimits = HTTPLimits(),
        to method: HTTPMethod = .get,
        closing: Bool = false
    ) {
        var reader = HTTPReader(direction, limits: limits)
        reader.expectResponse(to: method)
        for piece in pieces {
            read(piece, &reader)
        }
        guard closing else { return }
        do throws(HTTPError) {
            if let event = try reader.transportClosed() { append(event, []) }
        } catch {
            entries.append(.error(error))
        }
    }

    init(_ text: String, _ direction: HTTPDirection, limits: HTTPLimits = HTTPLimits(), closing: Bool = false) {
        self.init([utf8(text)], direction, limits: limits, closing: closing)
    }

    /// The error that ended the reading.
    var error: HTTPError? {
        for case .error(let error) in entries { return error }
        return nil
    }

    private mutating func read(_ piece: [UInt8], _ reader: inout HTTPReader) {
        var offset = 0
        do throws(HTTPError) {
            while let event = try reader.next(piece.span.bytes, at: &offset) {
                append(event, piece)
            }
        } catch {
            entries.append(.error(error))
            return
        }
        guard offset < piece.count, error == nil else { return }
        let rest = Array(piece[offset...])
        if case .rest(let before) = entries.last {
            entries[entries.count - 1] = .rest(before + rest)
        } else {
            entries.append(.rest(rest))
        }
    }

    private mutating func append(_ event: HTTPEvent, _ piece: [UInt8]) {
        switch event {
        case .request(let head): entries.append(.request(head))
        case .informational(let head): entries.append(.informational(head))
        case .response(let head): entries.append(.response(head))
        case .end(let keepAlive): entries.append(.end(keepAlive: keepAlive))
        case .body(let range):
            precondition(!range.isEmpty, "a piece of a body is never empty")
            if case .body(let before) = entries.last {
                entries[entries.count - 1] = .body(before + piece[range])
            } else {
                entries.append(.body(Array(piece[range])))
            }
        }
    }
}
