/// A plausible OpenTelemetry Collector configuration of a wanted size, as YAML.
enum CollectorConfig {
    /// The body, exactly `bytes` long where `bytes` holds at least an empty mapping.
    ///
    /// What is left beyond the fixed parts is filled with further file-log receivers, the last few bytes with a
    /// comment: real configurations grow the same way.
    static func yaml(bytes: Int) -> [UInt8] {
        let fixed = head.utf8.count + tail.utf8.count
        guard bytes >= fixed + 2 else { return padded("{}\n", to: bytes) }
        var receivers = ""
        var number = 1
        while true {
            let next = receiver(number)
            // A closing comment needs at least two bytes.
            guard fixed + receivers.utf8.count + next.utf8.count + 2 <= bytes else { break }
            receivers += next
            number += 1
        }
        return padded(head + receivers + tail, to: bytes)
    }

    private static func padded(_ text: String, to bytes: Int) -> [UInt8] {
        var body = Array(text.utf8)
        let missing = bytes - body.count
        guard missing > 0 else { return body }
        if missing > 1 {
            body.append(UInt8(ascii: "#"))
            body.append(contentsOf: repeatElement(UInt8(ascii: "-"), count: missing - 2))
        }
        body.append(UInt8(ascii: "\n"))
        return body
    }

    private static func receiver(_ number: Int) -> String {
        """
          filelog/app-\(number):
            include: [/var/log/app-\(number)/*.log]
            start_at: end
            operators:
              - type: json_parser
                timestamp: {parse_from: attributes.time, layout: '%Y-%m-%dT%H:%M:%S'}

        """
    }

    private static let head = """
        extensions:
          health_check: {endpoint: 127.0.0.1:13133}
        processors:
          memory_limiter: {check_interval: 1s, limit_percentage: 75}
          batch: {timeout: 5s, send_batch_size: 8192}
          resourcedetection: {detectors: [env, system], override: false}
        exporters:
          otlp:
            endpoint: gateway.observability.svc:4317
            compression: zstd
            sending_queue: {num_consumers: 4, queue_size: 5000}
        service:
          extensions: [health_check]
          pipelines:
            traces: {receivers: [otlp], processors: [memory_limiter, batch], exporters: [otlp]}
            metrics: {receivers: [otlp, hostmetrics], processors: [memory_limiter, batch], exporters: [otlp]}
        receivers:
          otlp:
            protocols:
              grpc: {endpoint: 0.0.0.0:4317}
              http: {endpoint: 0.0.0.0:4318}

        """

    private static let tail = """
          hostmetrics:
            collection_interval: 30s
            scrapers: {cpu: {}, memory: {}, load: {}, disk: {}, filesystem: {}, network: {}}

        """
}
