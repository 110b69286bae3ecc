import Basis
import OpAMP
import OrderedCollections

/// The components that a collector distribution is built of (AvailableComponents Message).
enum ComponentCatalog {
    /// A list of `count` components, spread over the collector's five kinds, with a hash over them.
    ///
    /// The hash is the agent's own business; here it is a fingerprint of the encoded list, so that equal lists have
    /// equal hashes on every machine.
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
        return AvailableComponents(components: kinds, hash: FNV1a.fingerprint(bare.encoded()))
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
