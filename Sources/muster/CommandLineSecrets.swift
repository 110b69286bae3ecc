import Engine

/// Hides the options that may hold credentials from the list of processes: values of headers and settings, and user
/// names, passwords and queries of addresses. For a moment after the start they are still there; tokens therefore have
/// files and the environment (`--token-file`, `MUSTER_TOKEN`).
enum CommandLineSecrets {
    private static let options = ["--header", "--set", "--otlp-header", "--scrape-header"]

    static func hide() {
        // Read and kept by the library before they are overwritten.
        _ = CommandLine.arguments
        ProcessArguments.overwrite { arguments in
            var isValue: String?
            return arguments.map { bytes in
                let text = String(decoding: bytes, as: UTF8.self)
                defer { isValue = options.contains(text) ? text : nil }
                if isValue != nil { return secrets(inValue: bytes, from: 0) }
                if let option = options.first(where: { text.hasPrefix("\($0)=") }) {
                    return secrets(inValue: bytes, from: option.utf8.count + 1)
                }
                return secrets(inAddress: bytes)
            }
        }
    }

    /// Of `Name: value` and `key=value`, what follows the sign; all of it where there is none.
    static func secrets(inValue bytes: [UInt8], from start: Int) -> [Range<Int>] {
        let sign = bytes[start...].firstIndex { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "=") }
        return [(sign.map { $0 + 1 } ?? start)..<bytes.count]
    }

    /// Of an address, what is before the last `@`, and what is after the first `?` or `#`.
    static func secrets(inAddress bytes: [UInt8]) -> [Range<Int>] {
        guard let mark = bytes.firstRange(of: Array("://".utf8)) else { return [] }
        let tail = bytes[mark.upperBound...].firstIndex { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }
        let user = bytes[mark.upperBound..<(tail ?? bytes.count)].lastIndex(of: UInt8(ascii: "@"))
        return [user.map { mark.upperBound..<$0 }, tail.map { $0 + 1..<bytes.count }].compactMap(\.self)
    }
}
