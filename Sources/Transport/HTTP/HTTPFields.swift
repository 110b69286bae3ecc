import Basis

/// The fields of a head (RFC 9110, section 5), read or to be written: one block of bytes and where each field is in it.
///
/// Names are compared without case. Looking up allocates nothing; a value becomes a `String` only when asked for. To be
/// written often, it is built once and shared: writing is one copy of the block.
public struct HTTPFields: Sendable {
    /// For fields to be written, the lines `Name: value` with their ends and nothing else; for fields read, the whole
    /// head.
    private(set) var block: [UInt8] = []
    private var places: [Place] = []

    /// Where one field is in the block.
    struct Place {
        var name: Range<UInt32>
        var value: Range<UInt32>
    }

    /// No fields.
    public init() {}

    /// The fields of a head as received; `places` were found by `HTTPHeadParser`.
    init(head: [UInt8], places: [Place]) {
        block = head
        self.places = places
    }

    /// How many fields.
    public var count: Int { places.count }

    /// Adds a field behind the others.
    /// - Throws: `HTTPFieldError` where it would break the head: the fault of whoever wrote the name or the value.
    public mutating func append(_ name: String, _ value: String) throws(HTTPFieldError) {
        guard !name.isEmpty, name.utf8.allSatisfy(\.isTokenCharacter) else { throw .badName(name) }
        guard value.utf8.allSatisfy(\.isFieldValueCharacter) else { throw .badValue(of: name) }
        let start = block.count
        block.append(name)
        let nameEnd = block.count
        block.append(": ")
        let valueStart = block.count
        // White space at the ends is no part of a value.
        let text = value.utf8.drop(while: \.isSpaceOrTab)
        block.append(contentsOf: text)
        while block.count > valueStart, block[block.count - 1].isSpaceOrTab { block.removeLast() }
        places.append(
            Place(name: UInt32(start)..<UInt32(nameEnd), value: UInt32(valueStart)..<UInt32(block.count)))
        block.append("\r\n")
    }

    /// The first value of that name; what is not UTF-8 in it is repaired.
    public subscript(_ name: String) -> String? {
        guard let index = index(of: name, from: 0) else { return nil }
        return value(at: index).repairedText
    }

    /// All values of that name, in order.
    public func values(of name: String) -> [String] {
        var values: [String] = []
        var start = 0
        while let index = index(of: name, from: start) {
            values.append(value(at: index).repairedText)
            start = index + 1
        }
        return values
    }

    /// Whether a field of that name is there.
    public func contains(_ name: String) -> Bool {
        index(of: name, from: 0) != nil
    }

    /// How many fields of that name are there.
    public func count(of name: String) -> Int {
        var (count, start) = (0, 0)
        while let index = index(of: name, from: start) {
            count += 1
            start = index + 1
        }
        return count
    }

    /// Whether there is one field of that name, and its value is these bytes. Allocates nothing.
    func hasOnly(_ name: String, _ value: RawSpan) -> Bool {
        guard let index = index(of: name, from: 0), self.index(of: name, from: index + 1) == nil else { return false }
        return self.value(at: index).equals(value)
    }

    /// Whether the comma-separated lists of that name hold `token`; both compared without case.
    public func contains(_ name: String, token: String) -> Bool {
        var start = 0
        while let index = index(of: name, from: start) {
            if Self.list(value(at: index), contains: token) { return true }
            start = index + 1
        }
        return false
    }

    /// Whether the Content-Type is `mediaType`, compared without case and without parameters.
    public func hasMediaType(_ mediaType: String) -> Bool {
        guard let index = index(of: "Content-Type", from: 0) else { return false }
        let value = value(at: index)
        let end = value.firstIndex(of: 0x3B, in: 0..<value.byteCount) ?? value.byteCount
        return value.extracting(0..<end).trimmed().equalsIgnoringCase(mediaType)
    }

    /// The name and value of each field, in order.
    public var all: [(name: String, value: String)] {
        places.indices.map { index in (name(at: index).repairedText, value(at: index).repairedText) }
    }

    /// The index of the next field of that name, at or behind `start`.
    func index(of name: String, from start: Int) -> Int? {
        var index = start
        while index < places.count {
            if self.name(at: index).equalsIgnoringCase(name) { return index }
            index += 1
        }
        return nil
    }

    @_lifetime(borrow self)
    func name(at index: Int) -> RawSpan {
        let range = places[index].name
        return block.span.bytes.extracting(Int(range.lowerBound)..<Int(range.upperBound))
    }

    @_lifetime(borrow self)
    func value(at index: Int) -> RawSpan {
        let range = places[index].value
        return block.span.bytes.extracting(Int(range.lowerBound)..<Int(range.upperBound))
    }

    /// Whether a comma-separated list holds `token`.
    private static func list(_ list: RawSpan, contains token: String) -> Bool {
        var start = 0
        while start <= list.byteCount {
            let end = list.firstIndex(of: 0x2C, in: start..<list.byteCount) ?? list.byteCount
            if list.extracting(start..<end).trimmed().equalsIgnoringCase(token) { return true }
            start = end + 1
        }
        return false
    }
}

extension HTTPFields: Hashable {
    /// The same fields in the same order, names compared as written.
    public static func == (left: HTTPFields, right: HTTPFields) -> Bool {
        left.count == right.count && zip(left.all, right.all).allSatisfy { $0 == $1 }
    }

    public func hash(into hasher: inout Hasher) {
        for (name, value) in all {
            hasher.combine(name)
            hasher.combine(value)
        }
    }
}

/// A field that may not be written: the fault of the profile or the code that named it.
public enum HTTPFieldError: Error, Hashable, Sendable {
    /// A name that is no token (RFC 9110, section 5.6.2).
    case badName(String)
    /// A value with a control character, such as the end of a line. The value itself is not repeated: it may be a
    /// secret.
    case badValue(of: String)
}

extension HTTPFieldError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .badName(let name):
            "\"\(name)\" is not an HTTP field name: use letters, digits and hyphens"
        case .badValue(let name):
            "the value of the HTTP field \(name) holds a control character: keep it on one line"
        }
    }
}
