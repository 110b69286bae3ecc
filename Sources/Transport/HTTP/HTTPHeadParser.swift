import Basis

/// Reads one head, start line and fields up to the empty line (RFC 9112, sections 2 to 5), as its bytes arrive.
///
/// Each line is judged when it ends, and the very first bytes as they come, so that a peer that speaks something else
/// is known for it at once. Holds the head's bytes while it is read; they become the block of its `HTTPFields`.
struct HTTPHeadParser: Sendable {
    enum StartLine: Sendable {
        case request(HTTPMethod, target: String, HTTPVersion)
        case response(status: UInt16, reason: String, HTTPVersion)
    }

    private let direction: HTTPDirection
    private var head: [UInt8] = []
    private var lineStart = 0
    private var startLine: StartLine?
    private var places: [HTTPFields.Place] = []
    /// Whether an empty line was skipped before the request line (RFC 9112, section 2.2).
    private var skippedEmptyLine = false

    private static let usualHeadBytes = 256
    private static let usualFieldCount = 8

    init(_ direction: HTTPDirection) {
        self.direction = direction
    }

    /// Whether any byte of the head has arrived.
    var isEmpty: Bool { head.isEmpty && !skippedEmptyLine }

    /// How many bytes of memory the head uses so far.
    var reservedBytes: Int { head.capacity }

    /// Consumes input up to the end of the head; nil where it ends before that.
    mutating func next(
        _ input: RawSpan, at offset: inout Int, limits: HTTPLimits
    ) throws(HTTPError) -> (StartLine, HTTPFields)? {
        while offset < input.byteCount {
            let lineFeed = input.firstIndex(of: 0x0A, in: offset..<input.byteCount)
            let end = lineFeed.map { $0 + 1 } ?? input.byteCount
            try take(input.extracting(offset..<end), limits)
            offset = end
            if lineFeed != nil, try endLine(limits) {
                guard let startLine else { throw .badStartLine }
                let result = (startLine, HTTPFields(head: head, places: places))
                self = HTTPHeadParser(direction)
                return result
            }
        }
        return nil
    }

    /// Adds bytes of one line, after the checks that cannot wait for the line's end.
    private mutating func take(_ bytes: RawSpan, _ limits: HTTPLimits) throws(HTTPError) {
        if lineStart == 0, head.count < 5 {
            try checkOpening(bytes)
            // Enough for most heads.
            if head.isEmpty { head.reserveCapacity(min(Self.usualHeadBytes, Int(limits.headBytes))) }
            if places.isEmpty { places.reserveCapacity(Self.usualFieldCount) }
        }
        let total = head.count + bytes.byteCount
        let lineEnd = lineStart + Int(limits.lineBytes)
        if total > min(lineEnd, Int(limits.headBytes)) {
            throw lineEnd < Int(limits.headBytes)
                ? .lineTooLong(limit: limits.lineBytes) : .headTooLarge(limit: limits.headBytes)
        }
        head.append(bytes)
    }

    /// The first bytes show whether the peer speaks HTTP.
    private func checkOpening(_ bytes: RawSpan) throws(HTTPError) {
        for (index, expected) in "HTTP/".utf8.enumerated() {
            let position = index - head.count
            guard position >= 0, position < bytes.byteCount else { continue }
            let byte = bytes.byte(position)
            switch direction {
            case .responses:
                guard byte == expected else { throw .badStartLine }
            case .requests:
                if index == 0 {
                    let mayBeEmptyLine = !skippedEmptyLine && (byte == 0x0D || byte == 0x0A)
                    guard byte.isTokenCharacter || mayBeEmptyLine else { throw .badStartLine }
                }
            }
        }
    }

    /// Judges the line that has just ended; true where it was the head's last.
    private mutating func endLine(_ limits: HTTPLimits) throws(HTTPError) -> Bool {
        let line = try Self.line(head.span.bytes, from: lineStart)
        if line.isEmpty {
            if startLine != nil { return true }
            guard direction == .requests, !skippedEmptyLine else { throw .badStartLine }
            skippedEmptyLine = true
            head.removeAll(keepingCapacity: true)
            return false
        }
        if startLine == nil {
            let parsed = try Self.startLine(head.span.bytes.extracting(line), direction)
            startLine = parsed
        } else {
            if head[line.lowerBound].isSpaceOrTab, !places.isEmpty {
                try unfold(line)
                lineStart = head.count
                return false
            }
            guard places.count < Int(limits.fieldCount) else { throw .tooManyFields(limit: limits.fieldCount) }
            let parsed = try Self.field(head.span.bytes, line)
            places.append(parsed)
        }
        lineStart = head.count
        return false
    }

    /// A line that continues the value of the field before it: the line's end before it counts as spaces (RFC 9112,
    /// section 5.2).
    private mutating func unfold(_ line: Range<Int>) throws(HTTPError) {
        head[line.lowerBound - 2] = 0x20
        head[line.lowerBound - 1] = 0x20
        let last = places.count - 1
        let name = places[last].name
        let value = try Self.value(head.span.bytes, Int(name.upperBound) + 1..<line.upperBound)
        places[last] = HTTPFields.Place(name: name, value: value)
    }

    /// The line between `start` and the end that closes the bytes.
    private static func line(_ bytes: RawSpan, from start: Int) throws(HTTPError) -> Range<Int> {
        let end = bytes.byteCount - 2
        guard end >= start, bytes.byte(end) == 0x0D else { throw .bareLineFeed }
        guard bytes.firstIndex(of: 0x0D, in: start..<end) == nil else { throw .bareCarriageReturn }
        return start..<end
    }

    private static func field(_ bytes: RawSpan, _ line: Range<Int>) throws(HTTPError) -> HTTPFields.Place {
        if bytes.byte(line.lowerBound).isSpaceOrTab { throw .obsoleteFolding }
        guard let colon = bytes.firstIndex(of: 0x3A, in: line), colon > line.lowerBound else { throw .badFieldName }
        for index in line.lowerBound..<colon where !bytes.byte(index).isTokenCharacter {
            throw .badFieldName
        }
        return HTTPFields.Place(
            name: UInt32(line.lowerBound)..<UInt32(colon), value: try value(bytes, colon + 1..<line.upperBound))
    }

    /// The value in `range`, without the white space around it.
    private static func value(_ bytes: RawSpan, _ range: Range<Int>) throws(HTTPError) -> Range<UInt32> {
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, bytes.byte(start).isSpaceOrTab { start += 1 }
        while end > start, bytes.byte(end - 1).isSpaceOrTab { end -= 1 }
        for index in start..<end where !bytes.byte(index).isFieldValueCharacter {
            throw .badFieldValue
        }
        return UInt32(start)..<UInt32(end)
    }

    private static func startLine(_ line: RawSpan, _ direction: HTTPDirection) throws(HTTPError) -> StartLine {
        switch direction {
        case .requests: try requestLine(line)
        case .responses: try statusLine(line)
        }
    }

    /// `method SP target SP version`, single spaces (RFC 9112, section 3).
    private static func requestLine(_ line: RawSpan) throws(HTTPError) -> StartLine {
        let all = 0..<line.byteCount
        guard let first = line.firstIndex(of: 0x20, in: all),
            let second = line.firstIndex(of: 0x20, in: first + 1..<line.byteCount), first > 0, second > first + 1
        else { throw .badStartLine }
        for index in 0..<first where !line.byte(index).isTokenCharacter {
            throw .badStartLine
        }
        for index in first + 1..<second where !(0x21...0x7E).contains(line.byte(index)) {
            throw .badStartLine
        }
        let version = try version(line.extracting(second + 1..<line.byteCount))
        return .request(
            HTTPMethod(line.extracting(0..<first).repairedText),
            target: line.extracting(first + 1..<second).repairedText, version)
    }

    /// `version SP status [SP reason]` (RFC 9112, section 4); the last space may be missing where there is no reason.
    private static func statusLine(_ line: RawSpan) throws(HTTPError) -> StartLine {
        guard line.byteCount >= 12, line.byte(8) == 0x20 else { throw .badStartLine }
        let version = try version(line.extracting(0..<8))
        var status: UInt16 = 0
        for index in 9..<12 {
            guard line.byte(index).isDecimalDigit else { throw .badStartLine }
            status = status * 10 + UInt16(line.byte(index) - 0x30)
        }
        guard (100...599).contains(status) else { throw .badStartLine }
        guard line.byteCount > 12 else { return .response(status: status, reason: "", version) }
        guard line.byte(12) == 0x20 else { throw .badStartLine }
        for index in 13..<line.byteCount where !line.byte(index).isFieldValueCharacter {
            throw .badStartLine
        }
        return .response(status: status, reason: line.extracting(13..<line.byteCount).repairedText, version)
    }

    /// `HTTP/` digit `.` digit, case-sensitive.
    private static func version(_ text: RawSpan) throws(HTTPError) -> HTTPVersion {
        guard text.byteCount == 8, text.byte(6) == 0x2E, text.byte(5).isDecimalDigit, text.byte(7).isDecimalDigit
        else { throw .badStartLine }
        for (index, expected) in "HTTP/".utf8.enumerated() where text.byte(index) != expected {
            throw .badStartLine
        }
        guard text.byte(5) == 0x31 else { throw .unsupportedVersion }
        return text.byte(7) == 0x30 ? .http10 : .http11
    }
}

/// Which messages a reader reads.
public enum HTTPDirection: UInt8, Sendable {
    /// We are the server.
    case requests
    /// We are the client.
    case responses
}
