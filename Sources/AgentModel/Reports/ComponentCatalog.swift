import OpAMP
import OrderedCollections

/// The components that a collector distribution is built of (AvailableComponents Message).
enum ComponentCatalog {
    /// A list of `count` components, spread over the collector's five kinds, with a hash over them.
    ///
    /// The hash is the agent's own business; here it is a fingerprint of the encoded list, so that equal lists have equal
    /// hashes on every machine.
    static func components(_ count: Int) -> AvailableComponents {
        var kinds: OrderedDictionary<String, ComponentDetails> = [:]
        for number in 0..<max(count, 0) {
            let (kind, singular, names) = Self.kinds[number % Self.kinds.count]
            let round = number / Self.kinds.count
            let base = names[round % names.count]
            let name = round < names.count ? base : "\(base)\(round / names.count + 1)"
            let module =
                "github.com/open-telemetry/opentelemetry-collector-contrib/\(singular)/\(name)\(singular)@v0.114.0"
            kinds[kind, default: ComponentDetails()].subComponentMap[name] =
                ComponentDetails(metadata: [KeyValue(key: "code.namespace", value: .string(module))])
        }
        let bare = AvailableComponents(components: kinds)
        return AvailableComponents(components: kinds, hash: Fingerprint.of(bare.encoded()))
    }

    private static let kinds: [(kind: String, singular: String, names: [String])] = [
        (
            "receivers", "receiver",
            ["otlp", "hostmetrics", "filelog", "prometheus", "kubeletstats", "jaeger", "zipkin", "syslog"]
        ),
        (
            "processors", "processor",
            ["batch", "memorylimiter", "resource", "attributes", "filter", "transform", "tailsampling"]
        ),
        (
            "exporters", "exporter",
            ["otlp", "otlphttp", "debug", "prometheus", "kafka", "file", "loadbalancing", "nop"]
        ),
        (
            "extensions", "extension",
            ["healthcheck", "pprof", "zpages", "basicauth", "oidcauth", "filestorage", "opamp"]
        ),
        ("connectors", "connector", ["forward", "spanmetrics", "count", "routing", "servicegraph", "exceptions"]),
    ]
}

/// A short, fast fingerprint of bytes. Not for secrets.
enum Fingerprint {
    /// 16 bytes: two FNV-1a hashes of different start.
    static func of(_ bytes: [UInt8]) -> [UInt8] {
        var (first, second): (UInt64, UInt64) = (0xCBF2_9CE4_8422_2325, 0x6C62_272E_07BB_0142)
        for byte in bytes {
            first = (first ^ UInt64(byte)) &* 0x100_0000_01B3
            second = (second ^ UInt64(byte)) &* 0x100_0000_01B3
        }
        var fingerprint: [UInt8] = []
        for word in [first, second] {
            for shift in stride(from: 56, through: 0, by: -8) {
                fingerprint.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
            }
        }
        return fingerprint
    }
}
