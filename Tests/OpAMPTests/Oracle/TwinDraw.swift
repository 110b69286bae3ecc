import Basis
import Foundation
import OpAMP
import OrderedCollections
import SwiftProtobuf

/// A message of ours and the oracle's message of the same name.
protocol OracleTwin: WireMessage {
    associatedtype Oracle: SwiftProtobuf.Message & Equatable

    /// The same random content in both types.
    static func twins(_ draw: inout TwinDraw) -> (Self, Oracle)
}

/// Draws the content of twins. Small on purpose: a message of every shape, not of every size, so that very many fit in
/// a test; one field in `rarity` is present.
struct TwinDraw {
    var random: SeededRandom
    /// How many more levels of sub-messages may be drawn.
    private var depthLeft = 4
    /// A field is present with a chance of one in this many.
    private let rarity: Int

    init(seed: UInt64, stream: UInt64, rarity: Int = 3) {
        random = SeededRandom(seed: seed, stream: stream)
        self.rarity = rarity
    }

    private mutating func isPresent() -> Bool {
        random.index(below: rarity) == 0
    }

    // MARK: Plain fields

    mutating func text(_ ours: inout String, _ theirs: inout String) {
        guard isPresent() else { return }
        ours = text()
        theirs = ours
    }

    mutating func bytes(_ ours: inout [UInt8], _ theirs: inout Data) {
        guard isPresent() else { return }
        ours = bytes()
        theirs = Data(ours)
    }

    mutating func number(_ ours: inout UInt64, _ theirs: inout UInt64) {
        guard isPresent() else { return }
        ours = number()
        theirs = ours
    }

    mutating func flag(_ ours: inout Bool, _ theirs: inout Bool) {
        guard isPresent() else { return }
        ours = true
        theirs = true
    }

    mutating func real(_ ours: inout Double, _ theirs: inout Double) {
        guard isPresent() else { return }
        ours = real()
        theirs = ours
    }

    mutating func set<Options: OptionSet>(
        _ ours: inout Options, _ theirs: inout UInt64
    ) where Options.RawValue == UInt64 {
        guard isPresent() else { return }
        theirs = number()
        ours = Options(rawValue: theirs)
    }

    mutating func enumeration<Ours: WireEnumeration, Theirs: SwiftProtobuf.Enum>(
        _ ours: inout Ours, _ theirs: inout Theirs
    ) where Theirs.RawValue == Int {
        guard isPresent() else { return }
        let value = random.chance(0.8) ? Int32(random.index(below: 6)) : Int32(truncatingIfNeeded: random.next())
        guard let named = Theirs(rawValue: Int(value)) else { return }
        ours = Ours(rawValue: value)
        theirs = named
    }

    mutating func instanceUID(_ ours: inout InstanceUIDField, _ theirs: inout Data) {
        guard isPresent() else { return }
        if random.chance(0.8) {
            let uid = InstanceUID(high: random.next(), low: random.next())
            ours = .uid(uid)
            theirs = Data(uid.bytes)
        } else {
            let bytes = bytes()
            guard !bytes.isEmpty, bytes.count != InstanceUID.byteCount else { return }
            ours = .malformed(bytes)
            theirs = Data(bytes)
        }
    }

    // MARK: Fields made of others

    mutating func message<Ours: OracleTwin>(_: Ours.Type, _ assign: (Ours, Ours.Oracle) -> Void) {
        if isPresent() { sub(Ours.self, assign) }
    }

    /// A sub-message for certain, unless that were too deep.
    fileprivate mutating func sub<Ours: OracleTwin>(_: Ours.Type, _ assign: (Ours, Ours.Oracle) -> Void) {
        guard depthLeft > 0 else { return }
        depthLeft -= 1
        let (ours, theirs) = Ours.twins(&self)
        depthLeft += 1
        assign(ours, theirs)
    }

    mutating func messages<Ours: OracleTwin>(_ ours: inout [Ours], _ theirs: inout [Ours.Oracle]) {
        while depthLeft > 0, isPresent() {
            sub(Ours.self) {
                ours.append($0)
                theirs.append($1)
            }
        }
    }

    mutating func texts(_ ours: inout [String], _ theirs: inout [String]) {
        while isPresent() { ours.append(text()) }
        theirs = ours
    }

    /// Ours is filled in the order of the keys, because the oracle writes its maps in that order when told to.
    mutating func map<Ours: OracleTwin>(
        _ ours: inout OrderedDictionary<String, Ours>, _ theirs: inout [String: Ours.Oracle]
    ) {
        for key in keys() {
            sub(Ours.self) { (ours[key], theirs[key]) = ($0, $1) }
        }
    }

    mutating func textMap(_ ours: inout OrderedDictionary<String, String>, _ theirs: inout [String: String]) {
        for key in keys() {
            ours[key] = text()
            theirs[key] = ours[key]
        }
    }

    private mutating func keys() -> [String] {
        var keys: Set<String> = []
        // Now and then more keys than a small map takes without hashing.
        let most = random.chance(0.02) ? 40 : 3
        if isPresent() { for _ in 0...random.index(below: most) { keys.insert(text()) } }
        return keys.sorted()
    }

    // MARK: Values

    mutating func text() -> String {
        let alphabets = ["abcdefgh.-/_", "äöüßéñ", "日本語漢字", "🛰️🐳\u{10FFFF}\u{0}\u{7FF}\u{800}\u{FFFF}"]
        let alphabet = Array((random.chance(0.7) ? alphabets[0] : alphabets[random.index(below: 4)]).unicodeScalars)
        var text = ""
        for _ in 0..<length() { text.unicodeScalars.append(alphabet[random.index(below: alphabet.count)]) }
        return text
    }

    mutating func bytes() -> [UInt8] {
        (0..<length()).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }

    /// Mostly short; sometimes around the lengths at which a prefix or a copy changes its form.
    private mutating func length() -> Int {
        let edges = [0, 1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 33, 64, 126, 127, 128, 129, 300]
        return random.chance(0.9) ? random.index(below: 10) : edges[random.index(below: edges.count)]
    }

    /// Of every length in bits, as likely short as long.
    mutating func number() -> UInt64 {
        random.next() >> UInt64(random.index(below: 64))
    }

    /// Any number but "not a number", which is not equal to itself; minus zero and the infinities are among them.
    mutating func real() -> Double {
        let named = [0, -0.0, 1, -1.5, .infinity, -.infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude]
        if random.chance(0.3) { return named[random.index(below: named.count)] }
        let value = Double(bitPattern: random.next())
        return value.isNaN ? 1 : value
    }
}

extension AnyValue: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (AnyValue, OracleAnyValue) {
        var ours = AnyValue.null
        var theirs = OracleAnyValue()
        switch draw.random.index(below: 9) {
        case 0: break
        case 1:
            let flag = draw.random.chance(0.5)
            (ours, theirs.value) = (.bool(flag), .boolValue(flag))
        case 2:
            let number = Int64(bitPattern: draw.number())
            (ours, theirs.value) = (.int(number), .intValue(number))
        case 3:
            let number = draw.real()
            (ours, theirs.value) = (.double(number), .doubleValue(number))
        case 4:
            let bytes = draw.bytes()
            (ours, theirs.value) = (.bytes(bytes), .bytesValue(Data(bytes)))
        case 5:
            draw.sub(ArrayValue.self) { (ours, theirs.value) = (.array($0), .arrayValue($1)) }
        case 6:
            draw.sub(KeyValueList.self) { (ours, theirs.value) = (.keyValueList($0), .kvlistValue($1)) }
        default:
            let text = draw.text()
            (ours, theirs.value) = (.string(text), .stringValue(text))
        }
        return (ours, theirs)
    }
}
