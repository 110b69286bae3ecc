import Basis

/// A parser, with what it must hold whatever its input is. An input that breaks it ends the process, as libFuzzer wants
/// it; the same holds for a crash, for an error of the address sanitizer, and for an input that is too slow.
struct FuzzTarget: Sendable {
    private let body: @Sendable (RawSpan) -> Void

    init(_ body: @escaping @Sendable (RawSpan) -> Void) {
        self.body = body
    }

    func callAsFunction(_ input: UnsafeRawBufferPointer) {
        body(input.bytes)
    }

    /// The target of this process: set once, before the first input.
    nonisolated(unsafe) static var current = FuzzTarget { _ in }

    static let all: [String: FuzzTarget] = messages.merging(wire) { $1 }.merging(texts) { $1 }
        .merging(records) { $1 }.merging(observed) { $1 }.merging(journals) { $1 }
}

/// Ends the process where a rule does not hold.
func hold(_ condition: Bool, _ rule: @autoclosure () -> String) {
    if !condition { fatalError(rule()) }
}

/// Where to cut an input into pieces, so that it arrives in several reads: the lengths follow from its first bytes.
func pieces(of input: RawSpan) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    var start = 0
    while start < input.byteCount {
        let seed = input.byte(ranges.count % min(input.byteCount, 16))
        let end = min(input.byteCount, start + 1 + Int(seed % 31))
        ranges.append(start..<end)
        start = end
    }
    return ranges
}
