import Basis

/// Reads a chunked body (RFC 9112, section 7.1) as it arrives. Extensions and trailers are skipped within their limits.
struct HTTPChunks: Sendable {
    private var state = State.size(value: 0, digits: 0)
    /// Bytes of the current line: a chunk's opening line, or, of the trailer section, all lines.
    private var lineCount: UInt32 = 0
    private var extensionCount: UInt32 = 0
    private var bodyCount = 0

    private enum State {
        case size(value: Int, digits: UInt8)
        /// White space or an extension behind the size.
        case pastSize(value: Int, inExtension: Bool)
        case sizeLineFeed(value: Int)
        case data(remaining: Int)
        case dataCarriageReturn
        case dataLineFeed
        /// In the trailer section.
        case trailer(isLineEmpty: Bool)
        case trailerLineFeed(isLineEmpty: Bool)
        case ended
    }

    enum Step: Equatable {
        /// Data is at this range of the input.
        case data(Range<Int>)
        case ended
    }

    /// The longest size that is still read, in hexadecimal digits: leading zeros included, no size needs more.
    private static let maximumSizeDigits: UInt8 = 16

    /// The next piece of data, or the end; nil where the input ends first.
    mutating func next(
        _ input: RawSpan, at offset: inout Int, limits: HTTPLimits
    ) throws(HTTPError) -> Step? {
        while offset < input.byteCount {
            if case .data(let remaining) = state {
                let range = offset..<offset + min(remaining, input.byteCount - offset)
                offset = range.upperBound
                state = remaining == range.count ? .dataCarriageReturn : .data(remaining: remaining - range.count)
                return .data(range)
            }
            let byte = input.byte(offset)
            offset += 1
            try advance(byte, limits)
            if case .ended = state { return .ended }
        }
        return nil
    }

    private mutating func advance(_ byte: UInt8, _ limits: HTTPLimits) throws(HTTPError) {
        switch state {
        case .size(let value, let digits):
            try countLine(limits)
            if let digit = byte.hexadecimalValue {
                guard digits < Self.maximumSizeDigits, value >> 59 == 0 else { throw .badChunkSize }
                state = .size(value: value << 4 | Int(digit), digits: digits + 1)
            } else {
                guard digits > 0 else { throw .badChunkSize }
                try endSize(value, byte, limits)
            }
        case .pastSize(let value, let inExtension):
            try countLine(limits)
            try countExtension(limits)
            try pastSize(value, inExtension: inExtension, byte)
        case .sizeLineFeed(let value):
            guard byte == 0x0A else { throw .badChunkSize }
            lineCount = 0
            state = value == 0 ? .trailer(isLineEmpty: true) : .data(remaining: value)
        case .dataCarriageReturn:
            guard byte == 0x0D else { throw .badChunkEnd }
            state = .dataLineFeed
        case .dataLineFeed:
            guard byte == 0x0A else { throw .badChunkEnd }
            state = .size(value: 0, digits: 0)
        case .trailer(let isLineEmpty):
            lineCount += 1
            guard lineCount <= limits.headBytes else { throw .headTooLarge(limit: limits.headBytes) }
            if byte == 0x0D {
                state = .trailerLineFeed(isLineEmpty: isLineEmpty)
            } else {
                guard byte.isFieldValueCharacter else { throw .badTrailer }
                state = .trailer(isLineEmpty: false)
            }
        case .trailerLineFeed(let isLineEmpty):
            guard byte == 0x0A else { throw .badTrailer }
            state = isLineEmpty ? .ended : .trailer(isLineEmpty: true)
        case .data, .ended:
            break
        }
    }

    /// The first byte behind the digits.
    private mutating func endSize(_ value: Int, _ byte: UInt8, _ limits: HTTPLimits) throws(HTTPError) {
        let (total, overflow) = bodyCount.addingReportingOverflow(value)
        guard !overflow, total <= limits.bodyBytes else { throw .bodyTooLarge(limit: limits.bodyBytes) }
        bodyCount = total
        try pastSize(value, inExtension: false, byte)
    }

    private mutating func pastSize(_ value: Int, inExtension: Bool, _ byte: UInt8) throws(HTTPError) {
        switch byte {
        case 0x0D:
            state = .sizeLineFeed(value: value)
        case 0x3B:
            state = .pastSize(value: value, inExtension: true)
        case 0x20, 0x09:
            state = .pastSize(value: value, inExtension: inExtension)
        default:
            guard inExtension, byte.isFieldValueCharacter else { throw .badChunkSize }
        }
    }

    private mutating func countLine(_ limits: HTTPLimits) throws(HTTPError) {
        lineCount += 1
        guard lineCount <= limits.chunkLineBytes else { throw .chunkLineTooLong(limit: limits.chunkLineBytes) }
    }

    private mutating func countExtension(_ limits: HTTPLimits) throws(HTTPError) {
        extensionCount += 1
        guard extensionCount <= limits.chunkExtensionBytes else {
            throw .chunkExtensionsTooLong(limit: limits.chunkExtensionBytes)
        }
    }
}
