/// A page in the text format, version 0.0.4.
enum TextPage {
    static func bytes(_ families: [ExposedFamily]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(1 << 15)
        for family in families {
            bytes.append("# HELP ")
            bytes.append(family.name)
            bytes.append(" ")
            bytes.append(family.help)
            bytes.append("\n# TYPE ")
            bytes.append(family.name)
            bytes.append(" ")
            bytes.append(family.kind.rawValue)
            bytes.append("\n")
            for sample in family.samples { append(sample, of: family.name, to: &bytes) }
        }
        return bytes
    }

    private static func append(_ sample: ExposedFamily.Sample, of name: String, to bytes: inout [UInt8]) {
        let labels = self.labels(sample.labels)
        switch sample.value {
        case .number(let number):
            append(name, "", labels, number, to: &bytes)
        case .summary(let count, let sum, let quantiles):
            for quantile in quantiles {
                append(name, "", joined(labels, "quantile=\"\(quantile.quantile)\""), quantile.value, to: &bytes)
            }
            append(name, "_sum", labels, sum, to: &bytes)
            append(name, "_count", labels, Double(count), to: &bytes)
        case .distribution(let values):
            for bucket in values.buckets {
                append(
                    name, "_bucket", joined(labels, "le=\"\(bucket.bound)\""), Double(bucket.cumulative), to: &bytes)
            }
            append(name, "_bucket", joined(labels, "le=\"+Inf\""), Double(values.count), to: &bytes)
            append(name, "_sum", labels, values.sum, to: &bytes)
            append(name, "_count", labels, Double(values.count), to: &bytes)
        }
    }

    /// - Parameter labels: without braces; empty where there are none.
    private static func append(
        _ name: String, _ ending: String, _ labels: String, _ value: Double, to bytes: inout [UInt8]
    ) {
        bytes.append(name)
        bytes.append(ending)
        if !labels.isEmpty {
            bytes.append("{")
            bytes.append(labels)
            bytes.append("}")
        }
        bytes.append(" ")
        bytes.append(value == .infinity ? "+Inf" : "\(value)")
        bytes.append("\n")
    }

    private static func joined(_ labels: String, _ label: String) -> String {
        labels.isEmpty ? label : "\(labels),\(label)"
    }

    private static func labels(_ labels: [ExposedFamily.Label]) -> String {
        guard !labels.isEmpty else { return "" }
        return labels.map { "\($0.name)=\"\(escaped($0.value))\"" }.joined(separator: ",")
    }

    private static func escaped(_ value: String) -> String {
        guard value.utf8.contains(where: { [0x5C, 0x22, 0x0A].contains($0) }) else { return value }
        var text = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ text: String) { append(contentsOf: text.utf8) }
}
