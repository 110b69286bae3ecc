public import Basis

extension Kind<Int> {
    public static func integer(_ range: ClosedRange<Int>) -> Kind {
        let wanted = "a whole number"
        let json: JSON = [
            "type": "integer", "minimum": .number(range.lowerBound), "maximum": .number(range.upperBound),
        ]
        return scalar(
            "\(range.lowerBound) to \(range.upperBound)", wanted: wanted, example: "\(range.lowerBound)", json: json,
            sample: { Int.random(in: range, using: &$0) }, format: { "\($0)" }
        ) { text, plain throws(Problem.Kind) in
            guard plain, let number = NumberText.integer(text) else {
                throw .wrongType(found: plain ? "'\(text)'" : "the text '\(text)'", wanted: wanted)
            }
            guard range.contains(number) else {
                throw .outOfRange(found: text, allowed: "allowed is \(range.lowerBound) to \(range.upperBound)")
            }
            return number
        }
    }

    public static func size(_ range: ClosedRange<Int>) -> Kind {
        quantity(
            "size, \(SizeText.format(range.lowerBound)) to \(SizeText.format(range.upperBound))",
            wanted: SizeText.wanted,
            example: "4KiB", json: .ref("size"), sample: { Int.random(in: range, using: &$0) }, format: SizeText.format,
            within: range, parse: SizeText.parse)
    }

    public static var byteRate: Kind {
        quantity(
            "rate of bytes", wanted: ByteRateText.wanted, example: "10MiB/s", json: .ref("byteRate"),
            sample: { Int.random(in: 1024...(1 << 30), using: &$0) }, format: ByteRateText.format,
            parse: ByteRateText.parse)
    }
}

extension Kind<UInt64> {
    public static var seed: Kind {
        let wanted = "a whole number from 0 to \(UInt64.max)"
        return scalar(
            "0 to 2⁶⁴−1", wanted: wanted, example: "7", json: ["type": "integer", "minimum": 0],
            sample: { $0.next() }, format: { "\($0)" }
        ) { text, plain throws(Problem.Kind) in
            if plain, let seed = UInt64(text) { return seed }
            if plain, NumberText.integer(text) != nil {
                throw .outOfRange(found: text, allowed: "allowed is \(wanted)")
            }
            throw .wrongType(found: plain ? "'\(text)'" : "the text '\(text)'", wanted: wanted)
        }
    }
}

extension Kind<Bool> {
    public static var boolean: Kind {
        let wanted = "true or false"
        return scalar(
            "true or false", wanted: wanted, example: "true", json: ["type": "boolean"], sample: { $0.chance(0.5) },
            format: { "\($0)" }
        ) { text, plain throws(Problem.Kind) in
            guard plain, let value = Bool(text) else { throw .badValue(found: text, wanted: wanted) }
            return value
        }
    }
}

extension Kind<String> {
    public static func text(_ bytes: ClosedRange<Int> = 0...10_000) -> Kind {
        scalar(
            "text", wanted: "text", example: "text", json: .ref("text"), quotes: true,
            sample: { random in
                let texts = ["", "a: b", "none", "12", "Grüße & \"more\"\n", "- x", "{{zone}}", random.name()]
                let fitting = texts.filter { bytes.contains($0.utf8.count) }
                return fitting.isEmpty
                    ? String(repeating: "x", count: bytes.lowerBound) : fitting[random.index(below: fitting.count)]
            }, format: { $0 }
        ) { text, _ throws(Problem.Kind) in
            guard bytes.contains(text.utf8.count) else {
                let allowed = "allowed are \(bytes.lowerBound) to \(bytes.upperBound) bytes"
                throw .outOfRange(found: "a text of \(text.utf8.count) bytes", allowed: allowed)
            }
            return text
        }
    }

    /// A name for file names, labels and tables.
    public static var name: Kind {
        let wanted = "letters, digits, '-', '_' and '.'"
        let json: JSON = ["type": ["string", "number"], "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"]
        return scalar(
            "name", wanted: wanted, example: "nightly", json: json, quotes: true, sample: { $0.name() }, format: { $0 }
        ) {
            text, _ throws(Problem.Kind) in
            let isEdge = { (byte: UInt8) in
                NumberText.isDigit(byte) || (65...90).contains(byte) || (97...122).contains(byte)
            }
            guard (1...100).contains(text.utf8.count) else {
                throw .outOfRange(found: "a text of \(text.utf8.count) bytes", allowed: "allowed are 1 to 100 bytes")
            }
            guard text.utf8.first.map(isEdge) == true,
                text.utf8.allSatisfy({ isEdge($0) || "-_.".utf8.contains($0) })
            else { throw .badValue(found: text, wanted: wanted) }
            return text
        }
    }
}

extension Kind<Nanoseconds> {
    public static func duration(_ range: ClosedRange<Nanoseconds>) -> Kind {
        quantity(
            "duration, \(DurationText.format(range.lowerBound)) to \(DurationText.format(range.upperBound))",
            wanted: DurationText.wanted, example: "30s", json: .ref("duration"),
            sample: { Nanoseconds(Int64.random(in: range.lowerBound.count...range.upperBound.count, using: &$0)) },
            format: DurationText.format, within: range, parse: DurationText.parse)
    }

    /// What the protocol carries in whole seconds.
    public static func wholeSeconds(_ range: ClosedRange<Nanoseconds>) -> Kind {
        let low = range.lowerBound.count / 1_000_000_000, high = range.upperBound.count / 1_000_000_000
        return quantity(
            "whole seconds, \(DurationText.format(range.lowerBound)) to \(DurationText.format(range.upperBound))",
            wanted: DurationText.wanted, example: "30s", json: .ref("duration"),
            sample: { .seconds(Int64.random(in: low...high, using: &$0)) }, format: DurationText.format, within: range
        ) { text throws(QuantityProblem) in
            let span = try DurationText.parse(text)
            guard span.count % 1_000_000_000 == 0 else {
                throw QuantityProblem(kind: .outOfRange, found: text, wanted: "the protocol carries whole seconds here")
            }
            return span
        }
    }
}

extension Kind<Double> {
    public static var share: Kind {
        quantity(
            "share", wanted: ShareText.wanted, example: "10%", json: .ref("share"),
            sample: { Double.random(in: 0...1, using: &$0) }, format: ShareText.format, parse: ShareText.parse)
    }

    public static func rate(_ range: ClosedRange<Double>) -> Kind {
        quantity(
            "rate, \(RateText.format(range.lowerBound)) to \(RateText.format(range.upperBound))",
            wanted: RateText.wanted,
            example: "100/s", json: .ref("rate"),
            sample: { Double(Int.random(in: 1...100_000, using: &$0)) / 8 }, format: RateText.format, within: range,
            parse: RateText.parse)
    }

    public static func decimal(_ range: ClosedRange<Double>) -> Kind {
        let wanted = "a number such as 0.5"
        let bounds = "\(NumberText.shortest(range.lowerBound)) to \(NumberText.shortest(range.upperBound))"
        return scalar(
            bounds, wanted: wanted, example: "0.5",
            json: ["type": "number", "minimum": .decimal(range.lowerBound), "maximum": .decimal(range.upperBound)],
            sample: { Double.random(in: range, using: &$0) }, format: ShareText.decimal
        ) { text, plain throws(Problem.Kind) in
            guard plain, NumberText.isNumber(text), let number = Double(text) else {
                throw .wrongType(found: plain ? "'\(text)'" : "the text '\(text)'", wanted: wanted)
            }
            guard range.contains(number) else { throw .outOfRange(found: text, allowed: "allowed is \(bounds)") }
            return number
        }
    }
}

extension Kind where Value: CaseIterable & RawRepresentable, Value.RawValue == String {
    /// One of a few words.
    public static var word: Kind {
        let all = Array(Value.allCases)
        let words = all.map(\.rawValue)
        let wanted = words.joined(separator: " or ")
        return scalar(
            words.map { "`\($0)`" }.joined(separator: ", "), wanted: wanted, example: words[0],
            json: ["enum": .array(words.map { .string($0) })],
            sample: { random in all[random.index(below: all.count)] }, format: { $0.rawValue }
        ) { text, _ throws(Problem.Kind) in
            if let value = Value(rawValue: text) { return value }
            throw .badValue(found: text, wanted: wanted, among: words)
        }
    }
}

extension Kind where Value: CaseIterable & RawRepresentable, Value.RawValue == String {
    /// One of a few words, each with its sentence.
    public static func word(_ documentation: (Value) -> String) -> Kind {
        let forms = Value.allCases.map {
            FormShape(mark: .word($0.rawValue), documentation: documentation($0), since: Since.first, payload: nil)
        }
        let kind = Kind.word
        let shape = Shape(
            words: kind.shape.words, wanted: kind.shape.wanted, example: kind.shape.example,
            detail: .forms(forms, tag: nil))
        return Kind(shape: shape, read: kind.read, write: kind.write, sample: kind.sample)
    }
}

extension SeededRandom {
    /// A name of a few letters and signs.
    mutating func name() -> String {
        let letters = Array("abcxyz019-_.")
        return "n" + String((0..<index(below: 6)).map { _ in letters[index(below: letters.count)] })
    }
}
