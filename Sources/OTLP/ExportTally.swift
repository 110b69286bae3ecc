/// Reads as much of OTLP as a receiver needs in order to count: how many data points, spans or log records a request holds, and
/// how many of them a response refuses.
///
/// Any bytes may come: whatever does not lie inside its message, is nested in another way or overlong is an error, and the
/// reading goes no deeper than the messages of the format.
public enum ExportTally {
    /// Data points, spans or log records of an export request.
    /// - Throws: `OTLPError`: the sender's fault.
    /// - Complexity: O(n) in the bytes.
    public static func items(in request: [UInt8], of signal: TelemetrySignal) throws(OTLPError) -> Int {
        // Resource, scope, then the items; a metric's points stand two levels deeper, in the one of its forms that it has.
        switch signal {
        case .metrics: try count(request, 0..<request.count, [[1], [2], [2], [5, 7, 9, 10, 11], [1]])
        case .traces, .logs: try count(request, 0..<request.count, [[1], [2], [2]])
        }
    }

    /// How many items of the request the receiver did not take, as its response says (partial_success).
    public static func rejected(in response: [UInt8]) throws(OTLPError) -> Int {
        var rejected: UInt64 = 0
        var reader = ProtobufReader(response, 0..<response.count)
        while let field = try reader.next() {
            guard field.number == 1, case .content(let range) = field.value else { continue }
            var inner = ProtobufReader(response, range)
            while let field = try inner.next() {
                if field.number == 1, case .number(let count) = field.value { rejected = count }
            }
        }
        return max(Int(clamping: Int64(bitPattern: rejected)), 0)
    }

    /// How many fields stand at the end of the path: at each level only the fields with its numbers are entered.
    private static func count(
        _ bytes: [UInt8], _ range: Range<Int>, _ path: ArraySlice<[UInt64]>
    ) throws(OTLPError) -> Int {
        var found = 0
        var reader = ProtobufReader(bytes, range)
        while let field = try reader.next() {
            guard path.first?.contains(field.number) == true else { continue }
            guard case .content(let content) = field.value else { throw OTLPError.misplaced }
            let rest = path.dropFirst()
            found += rest.isEmpty ? 1 : try count(bytes, content, rest)
        }
        return found
    }
}

/// Why bytes are no OTLP.
public enum OTLPError: Error, Hashable, Sendable {
    /// A field reaches beyond its message, or the bytes end in it.
    case truncated
    /// A number has more bytes than any number needs.
    case overlong
    /// A field's number or layout does not exist.
    case badTag
    /// A field that holds a message holds something else.
    case misplaced
}

/// Walks the fields of a message that lies in a range of an array.
struct ProtobufReader {
    struct Field {
        enum Value {
            case number(UInt64)
            /// A fixed number, passed over.
            case fixed
            case content(Range<Int>)
        }

        let number: UInt64
        let value: Value
    }

    private let bytes: [UInt8]
    private var position: Int
    private let end: Int

    init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        position = range.lowerBound
        end = range.upperBound
    }

    /// The next field; `nil` at the end of the message.
    mutating func next() throws(OTLPError) -> Field? {
        guard position < end else { return nil }
        let tag = try varint()
        let number = tag >> 3
        guard number > 0, number < 1 << 29 else { throw OTLPError.badTag }
        switch tag & 7 {
        case 0: return Field(number: number, value: .number(try varint()))
        case 1:
            try pass(8)
            return Field(number: number, value: .fixed)
        case 2:
            let length = try varint()
            guard length <= UInt64(end - position) else { throw OTLPError.truncated }
            let content = position..<position + Int(length)
            position = content.upperBound
            return Field(number: number, value: .content(content))
        case 5:
            try pass(4)
            return Field(number: number, value: .fixed)
        default: throw OTLPError.badTag
        }
    }

    private mutating func pass(_ count: Int) throws(OTLPError) {
        guard count <= end - position else { throw OTLPError.truncated }
        position += count
    }

    private mutating func varint() throws(OTLPError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard position < end else { throw OTLPError.truncated }
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 0x7F) &<< shift
            if byte < 0x80 { return value }
        }
        throw OTLPError.overlong
    }
}
