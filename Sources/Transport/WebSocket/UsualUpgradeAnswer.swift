import Basis

/// The head of a usual 101: whole in one piece of the input, with the three fields that RFC 6455 asks for, each with
/// its one word, and none about what else may be agreed on.
///
/// Read in place and in one pass over each line. It only accepts, and only what `HTTPReader` and the checks of
/// `WebSocketClientHandshake` would accept: whatever else the input holds is left to them, who have an error for each
/// fault.
struct UsualUpgradeAnswer {
    private let limits: HTTPLimits
    private var upgrades = false
    private var connects = false
    private var accepts = false

    init(limits: HTTPLimits) {
        self.limits = limits
    }

    /// Where the head that begins at `start` ends; nil where it is no usual answer to a request with `key`.
    mutating func end(in input: RawSpan, from start: Int, key: WebSocketKey) -> Int? {
        guard start <= input.byteCount - 17, input.bigEndian(UInt64.self, at: start) == Self.version,
            input.bigEndian(UInt32.self, at: start + 8) == Self.status,
            var lineEnd = Self.lineEnd(in: input, from: start + 12), fits(start..<lineEnd, from: start),
            lineEnd == start + 12 || input.byte(start + 12) == 0x20
        else { return nil }
        var count: UInt32 = 0
        while true {
            let lineStart = lineEnd + 2
            guard let end = Self.lineEnd(in: input, from: lineStart), fits(lineStart..<end, from: start) else {
                return nil
            }
            lineEnd = end
            if end == lineStart { break }
            count += 1
            guard count <= limits.fieldCount, take(input, lineStart..<end, key) else { return nil }
        }
        return upgrades && connects && accepts ? lineEnd + 2 : nil
    }

    /// Whether a line without its end is within the limits, and with it the head so far.
    private func fits(_ line: Range<Int>, from start: Int) -> Bool {
        line.count + 2 <= Int(limits.lineBytes) && line.upperBound + 2 - start <= Int(limits.headBytes)
    }

    /// Where the line ends, before its CR LF; nil where another control character or the end of the input comes first.
    private static func lineEnd(in input: RawSpan, from start: Int) -> Int? {
        let index = input.firstControl(in: start..<input.byteCount) ?? input.byteCount
        guard input.byteCount - index >= 2, input.bigEndian(UInt16.self, at: index) == 0x0D0A else { return nil }
        return index
    }

    /// Takes note of a field; false where it needs a closer look.
    private mutating func take(_ input: RawSpan, _ line: Range<Int>, _ key: WebSocketKey) -> Bool {
        guard let colon = input.firstIndex(of: 0x3A, in: line), colon > line.lowerBound else { return false }
        var (start, end) = (colon + 1, line.upperBound)
        while start < end, input.byte(start) == 0x20 { start += 1 }
        while end > start, input.byte(end - 1) == 0x20 { end -= 1 }
        let (name, value) = (input.extracting(line.lowerBound..<colon), input.extracting(start..<end))
        // No byte of the line is below 0x20, so a letter in lower case stands for nothing but itself and its capital.
        switch name.byteCount {
        case 7
        where name.lowercased(UInt32.self, at: 0) == Self.upgr && name.lowercased(UInt32.self, at: 3) == Self.rade:
            upgrades = true
            return value.byteCount == 9 && value.lowercased(UInt64.self, at: 0) == Self.websocke
                && value.byte(8).asciiLowercased == UInt8(ascii: "t")
        case 10
        where name.lowercased(UInt64.self, at: 0) == Self.connecti && name.lowercased(UInt16.self, at: 8) == Self.on:
            connects = true
            return value.byteCount == 7 && value.lowercased(UInt32.self, at: 0) == Self.upgr
                && value.lowercased(UInt32.self, at: 3) == Self.rade
        case 14... where name.lowercased(UInt64.self, at: 0) == Self.secWebs:
            guard !accepts, name.byteCount == 20, name.lowercased(UInt64.self, at: 8) == Self.ocketAc,
                name.lowercased(UInt32.self, at: 16) == Self.cept, value.byteCount == 28
            else { return false }
            accepts = true
            let expected = key.accept
            return value.equals(expected.span.bytes)
        default:
            for index in 0..<name.byteCount where !name.byte(index).isTokenCharacter { return false }
            return true
        }
    }

    /// `HTTP/1.1`
    private static let version: UInt64 = 0x4854_5450_2F31_2E31
    /// ` 101`
    private static let status: UInt32 = 0x2031_3031
    private static let upgr: UInt32 = 0x7570_6772
    private static let rade: UInt32 = 0x7261_6465
    private static let websocke: UInt64 = 0x7765_6273_6F63_6B65
    private static let connecti: UInt64 = 0x636F_6E6E_6563_7469
    private static let on: UInt16 = 0x6F6E
    /// `sec-webs`
    private static let secWebs: UInt64 = 0x7365_632D_7765_6273
    /// `ocket-ac`
    private static let ocketAc: UInt64 = 0x6F63_6B65_742D_6163
    private static let cept: UInt32 = 0x6365_7074
}

extension RawSpan {
    /// The big-endian integer that starts at `index`, with the bit set in each byte that makes a letter small.
    @inline(__always)
    fileprivate func lowercased<Integer: FixedWidthInteger & BitwiseCopyable>(
        _ type: Integer.Type, at index: Int
    ) -> Integer {
        bigEndian(type, at: index) | Integer(truncatingIfNeeded: 0x2020_2020_2020_2020 as UInt64)
    }
}
