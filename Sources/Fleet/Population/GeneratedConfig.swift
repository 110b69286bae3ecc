/// A plausible collector's configuration of a wanted size, another one for each number.
enum GeneratedConfig {
    /// YAML of exactly `bytes` bytes, where that is enough for its first line; receivers fill most of it, a comment the
    /// rest.
    static func yaml(bytes: Int, number: UInt32) -> [UInt8] {
        var text = Array("# offer \(number)\n".utf8)
        text.reserveCapacity(bytes)
        let fixed = Array(tail(number).utf8)
        // A closing comment has at least two bytes.
        if text.count + head.utf8.count + fixed.count + 2 <= bytes {
            text += head.utf8
            var next = Array(receiver(1).utf8)
            var receivers = 1
            while text.count + next.count + fixed.count + 2 <= bytes {
                text += next
                receivers += 1
                next = Array(receiver(receivers).utf8)
            }
            text += fixed
        } else if text.count + least.utf8.count + 2 <= bytes {
            text += least.utf8
        }
        let missing = bytes - text.count
        if missing > 1 {
            text.append(UInt8(ascii: "#"))
            text.append(contentsOf: repeatElement(UInt8(ascii: "-"), count: missing - 2))
        }
        if missing > 0 { text.append(UInt8(ascii: "\n")) }
        return text
    }

    private static let least = "receivers: {otlp: {}}\n"

    private static let head = """
        receivers:
          otlp: {protocols: {grpc: {endpoint: 127.0.0.1:4317}}}

        """

    private static func receiver(_ number: Int) -> String {
        """
          filelog/offered-\(number):
            include: [/var/log/offered-\(number)/*.log]
            start_at: end

        """
    }

    private static func tail(_ number: UInt32) -> String {
        """
        processors:
          batch: {timeout: 5s, send_batch_size: \(8_192 + number % 1_024)}
        exporters:
          otlp: {endpoint: gateway.observability.svc:4317}
        service:
          pipelines:
            logs: {receivers: [otlp], processors: [batch], exporters: [otlp]}

        """
    }
}
