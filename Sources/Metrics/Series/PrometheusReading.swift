/// Values in the text format of Prometheus.
public enum PrometheusReading {
    /// The values of the names that are asked for, in their order: of a name with labels (`up{job="a"}`) that sample,
    /// of a name alone the sum over all its samples. One that is missing, or no finite number, is nil, and so is a sum
    /// that is none; the others are not affected. Linear in the text.
    public static func values(of names: [String], in text: String) -> [Double?] {
        var values = [Double?](repeating: nil, count: names.count)
        let wanted = names.map { Array($0.utf8.filter { $0 != UInt8(ascii: " ") }) }
        var isBad = [Bool](repeating: false, count: names.count)
        for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
            guard let first = line.first, first != UInt8(ascii: "#"), let sample = Sample(line) else { continue }
            for (index, name) in wanted.enumerated()
            where name == sample.name || name.elementsEqual(sample.labelled) {
                let sum = (values[index] ?? 0) + (sample.value ?? .nan)
                values[index] = sum
                if !sum.isFinite { isBad[index] = true }
            }
        }
        for index in values.indices where isBad[index] { values[index] = nil }
        return values
    }

    private struct Sample {
        let name: [UInt8]
        /// With its labels, blanks left out.
        let labelled: [UInt8]
        let value: Double?

        init?(_ line: Substring.UTF8View.SubSequence) {
            var end = line.startIndex
            var (depth, isQuoted, isEscaped) = (0, false, false)
            while end < line.endIndex {
                let byte = line[end]
                if isEscaped {
                    isEscaped = false
                } else if isQuoted {
                    if byte == UInt8(ascii: "\\") {
                        isEscaped = true
                    } else if byte == UInt8(ascii: "\"") {
                        isQuoted = false
                    }
                } else if byte == UInt8(ascii: "\"") {
                    isQuoted = true
                } else if byte == UInt8(ascii: "{") {
                    depth += 1
                } else if byte == UInt8(ascii: "}") {
                    depth -= 1
                } else if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t"), depth == 0 {
                    break
                }
                end = line.index(after: end)
            }
            guard end < line.endIndex, depth == 0 else { return nil }
            labelled = line[..<end].filter { $0 != UInt8(ascii: " ") }
            name = Array(labelled.prefix { $0 != UInt8(ascii: "{") })
            let rest = String(decoding: Array(line[end...]), as: UTF8.self).split(whereSeparator: \.isWhitespace)
            value = rest.first.flatMap { Double(String($0)) }
        }
    }
}
