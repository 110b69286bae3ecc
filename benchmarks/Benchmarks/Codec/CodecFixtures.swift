import OpAMP
import OrderedCollections

/// The messages that the codec is measured on, as an OpenTelemetry Collector and its server would send them.
enum CodecFixtures {
    static let instanceUID = InstanceUID(high: 0x0192_F0C4_A5B6_7D3E, low: 0x9A4B_3C2D_1E0F_5A6B)

    static let agentCapabilities: AgentCapabilities = [
        .reportsStatus, .acceptsRemoteConfig, .reportsEffectiveConfig, .reportsHealth, .reportsRemoteConfig,
        .reportsHeartbeat, .reportsAvailableComponents, .acceptsOpAMPConnectionSettings,
    ]

    static let serverCapabilities: ServerCapabilities = [
        .acceptsStatus, .offersRemoteConfig, .acceptsEffectiveConfig, .offersConnectionSettings,
    ]

    /// What a client sends between changes: 26 bytes.
    static let heartbeat = AgentToServer(
        instanceUID: .uid(instanceUID), sequenceNumber: 70_123, capabilities: agentCapabilities)

    /// What a server answers to it: 20 bytes.
    static let acknowledgement = ServerToAgent(instanceUID: .uid(instanceUID), capabilities: serverCapabilities)

    /// The first report of a collector: about 5.3 KB.
    static let fullReport = AgentToServer(
        instanceUID: .uid(instanceUID), sequenceNumber: 1, agentDescription: description,
        capabilities: agentCapabilities, health: health,
        effectiveConfig: EffectiveConfig(
            configMap: AgentConfigMap(configMap: [
                "": AgentConfigFile(body: Array(collectorConfig.utf8), contentType: "text/yaml")
            ])),
        remoteConfigStatus: RemoteConfigStatus(lastRemoteConfigHash: hash, status: .applied),
        availableComponents: availableComponents)

    /// A config on offer.
    static let remoteConfig = ServerToAgent(
        instanceUID: .uid(instanceUID),
        remoteConfig: AgentRemoteConfig(
            config: AgentConfigMap(configMap: [
                "base.yaml": AgentConfigFile(body: Array(collectorConfig.utf8), contentType: "text/yaml"),
                "zone.yaml": AgentConfigFile(body: Array(zoneConfig.utf8), contentType: "text/yaml"),
            ]),
            configHash: hash),
        capabilities: serverCapabilities)

    /// Three packages on offer.
    static let packages = ServerToAgent(
        instanceUID: .uid(instanceUID),
        packagesAvailable: PackagesAvailable(
            packages: [
                "otelcol-contrib": package("0.140.1", .topLevel, "otelcol-contrib_0.140.1_linux_amd64.tar.gz"),
                "detection-rules": package("2026.11.3", .addon, "rules-2026.11.3.tar.zst"),
                "zone-certificates": package("17", .addon, "certificates-17.pem"),
            ],
            allPackagesHash: hash),
        capabilities: [.acceptsStatus, .offersPackages, .acceptsPackagesStatus])

    private static let hash = (0..<32).map { UInt8($0 * 7 & 0xFF) }

    private static func package(_ version: String, _ type: PackageType, _ file: String) -> PackageAvailable {
        PackageAvailable(
            type: type, version: version,
            file: DownloadableFile(
                downloadURL: "https://packages.fleet.example.com/releases/\(version)/\(file)", contentHash: hash,
                signature: hash + hash,
                headers: Headers(headers: [Header(key: "Authorization", value: "Bearer 4f7c2a90d1b84e6f")])),
            hash: hash)
    }

    private static let description = AgentDescription(
        identifyingAttributes: [
            KeyValue("service.name", "otelcol-contrib"),
            KeyValue("service.namespace", "platform.observability"),
            KeyValue("service.version", "0.140.1"),
            KeyValue("service.instance.id", "0192f0c4-a5b6-7d3e-9a4b-3c2d1e0f5a6b"),
        ],
        nonIdentifyingAttributes: [
            KeyValue("os.type", "linux"),
            KeyValue("os.description", "Debian GNU/Linux 12 (bookworm)"),
            KeyValue("host.name", "node-004217.zone-b.eu-west.example.com"),
            KeyValue("host.arch", "amd64"),
            KeyValue("host.id", "c1f5d90a7be34c0f8c5e2b6d94d7a301"),
            KeyValue("host.cpu.count", .int(16)),
            KeyValue("process.pid", .int(18_211)),
            KeyValue("cloud.region", "eu-west-1"),
            KeyValue("cloud.availability_zone", "eu-west-1b"),
            KeyValue("k8s.cluster.name", "production-17"),
            KeyValue("deployment.canary", .bool(false)),
        ])

    private static let startTime: UInt64 = 1_795_478_400_000_000_000

    private static func component(_ status: String = "StatusOK") -> ComponentHealth {
        ComponentHealth(
            healthy: true, startTimeUnixNano: startTime, status: status, statusTimeUnixNano: startTime + 2_000_000_000)
    }

    private static func pipeline(_ names: [String]) -> ComponentHealth {
        var health = component()
        for name in names { health.componentHealthMap[name] = component() }
        return health
    }

    private static let health: ComponentHealth = {
        var health = component()
        health.componentHealthMap = [
            "extensions": pipeline(["extension:health_check", "extension:opamp", "extension:zpages"]),
            "pipeline:traces": pipeline([
                "receiver:otlp", "processor:memory_limiter", "processor:batch", "exporter:otlphttp/backend",
            ]),
            "pipeline:metrics": pipeline([
                "receiver:otlp", "receiver:hostmetrics", "processor:memory_limiter", "processor:resourcedetection",
                "processor:batch", "exporter:otlphttp/backend",
            ]),
            "pipeline:logs": pipeline([
                "receiver:filelog/app", "processor:memory_limiter", "processor:batch", "exporter:otlphttp/backend",
            ]),
        ]
        return health
    }()

    private static let availableComponents: AvailableComponents = {
        let families: [(String, [String])] = [
            ("receivers", ["otlp", "hostmetrics", "filelog", "prometheus", "journald", "k8s_events"]),
            ("processors", ["batch", "memory_limiter", "resourcedetection", "attributes", "filter", "transform"]),
            ("exporters", ["otlp", "otlphttp", "debug", "file"]),
            ("extensions", ["health_check", "opamp", "zpages"]),
            ("connectors", ["spanmetrics"]),
        ]
        var components: OrderedDictionary<String, ComponentDetails> = [:]
        for (family, names) in families {
            var details = ComponentDetails()
            for name in names {
                details.subComponentMap[name] = ComponentDetails(metadata: [
                    KeyValue("code.namespace", .string("opentelemetry.io/collector/\(family)/\(name)"))
                ])
            }
            components[family] = details
        }
        return AvailableComponents(components: components, hash: hash)
    }()

    private static let zoneConfig = """
        processors:
          attributes/zone:
            actions:
              - { key: cloud.availability_zone, value: eu-west-1b, action: upsert }

        """

    private static let collectorConfig = """
        receivers:
          otlp:
            protocols:
              grpc: { endpoint: 0.0.0.0:4317, max_recv_msg_size_mib: 16 }
              http: { endpoint: 0.0.0.0:4318 }
          hostmetrics:
            collection_interval: 30s
            scrapers:
              cpu: {}
              memory: {}
              disk: {}
              filesystem: { exclude_mount_points: { mount_points: [/proc, /sys, /run], match_type: strict } }
              network: {}
          filelog/app:
            include: [/var/log/app/*.log]
            start_at: end
            operators:
              - type: json_parser
                timestamp: { parse_from: attributes.time, layout: "%Y-%m-%dT%H:%M:%S.%LZ" }
        processors:
          memory_limiter: { check_interval: 1s, limit_percentage: 75, spike_limit_percentage: 20 }
          resourcedetection: { detectors: [env, system], timeout: 2s, override: false }
          batch: { send_batch_size: 8192, timeout: 200ms }
        exporters:
          otlphttp/backend:
            endpoint: https://ingest.zone-b.eu-west.example.com:4318
            compression: zstd
            headers: { x-tenant: platform }
            retry_on_failure: { enabled: true, initial_interval: 5s, max_interval: 30s, max_elapsed_time: 300s }
            sending_queue: { enabled: true, num_consumers: 4, queue_size: 5000 }
        extensions:
          health_check: { endpoint: 127.0.0.1:13133 }
          zpages: { endpoint: 127.0.0.1:55679 }
          opamp:
            server: { ws: { endpoint: "wss://opamp.fleet.example.com:4320/v1/opamp" } }
        service:
          extensions: [health_check, zpages, opamp]
          pipelines:
            traces: { receivers: [otlp], processors: [memory_limiter, batch], exporters: [otlphttp/backend] }
            metrics:
              receivers: [otlp, hostmetrics]
              processors: [memory_limiter, resourcedetection, batch]
              exporters: [otlphttp/backend]
            logs: { receivers: [filelog/app], processors: [memory_limiter, batch], exporters: [otlphttp/backend] }

        """
}
