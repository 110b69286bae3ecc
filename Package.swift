// swift-tools-version: 6.2
import PackageDescription

/// Every target is held to the same rules; the layering below may only point down (docs/architecture.md).
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableExperimentalFeature("Lifetimes"),
    .treatAllWarnings(as: .error),
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let histogram = Target.Dependency.product(name: "Histogram", package: "hdrhistogram-swift")
let orderedCollections = Target.Dependency.product(name: "OrderedCollections", package: "swift-collections")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")

let package = Package(
    name: "muster",
    products: [
        .executable(name: "muster", targets: ["muster"]),
        .library(name: "OpAMP", targets: ["OpAMP"]),
        .library(name: "MusterTransport", targets: ["Basis", "Transport"]),
        .library(name: "MusterMatching", targets: ["Matching", "MatchingSimulation"]),
        .library(name: "MusterStatistics", targets: ["Basis", "Statistics", "StatisticsSimulation"]),
        .library(name: "MusterEngine", targets: ["Basis", "Engine", "OpenSSL"]),
        .library(
            name: "MusterHosting",
            targets: ["Basis", "OpenSSL", "Transport", "AgentModel", "ControlPlane", "Metrics", "Engine", "Hosting"]),
        .library(name: "MusterRehearsal", targets: ["Basis", "Rollout", "Simulation"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        // Tests only: the oracle that the codec is checked against.
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    ],
    targets: [
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .target(name: "CLinux"),

        .target(name: "Basis", dependencies: ["CLinux"], swiftSettings: settings),
        .target(name: "OpenSSL", dependencies: ["COpenSSL"], swiftSettings: settings),
        .target(name: "Zlib", dependencies: ["CZlib"], swiftSettings: settings),
        .target(name: "Protobuf", dependencies: ["Basis", orderedCollections], swiftSettings: settings),
        .target(name: "OpAMP", dependencies: ["Basis", "Protobuf", orderedCollections], swiftSettings: settings),
        .target(name: "OTLP", dependencies: ["Protobuf"], swiftSettings: settings),
        .target(name: "Prometheus", dependencies: ["Protobuf"], swiftSettings: settings),
        .target(name: "Transport", dependencies: ["Basis", "Zlib", "CZstd"], swiftSettings: settings),
        .target(
            name: "Packages", dependencies: ["Basis", "OpenSSL", "Transport", "Zlib"], swiftSettings: settings),
        .target(name: "Matching", dependencies: ["Basis"], swiftSettings: settings),
        .target(
            name: "AgentModel", dependencies: ["Basis", "Matching", "OTLP", "OpAMP", orderedCollections],
            swiftSettings: settings),
        .target(
            name: "ControlPlane", dependencies: ["Basis", "OpAMP", "OpenSSL", "Rollout", orderedCollections],
            swiftSettings: settings),
        .target(name: "Rollout", dependencies: ["Basis", "Schema", orderedCollections], swiftSettings: settings),
        .target(
            name: "Simulation",
            dependencies: ["Basis", "Schema", "OpAMP", "AgentModel", "Rollout", orderedCollections],
            swiftSettings: settings),
        .target(
            name: "Observing", dependencies: ["Basis", "OpAMP", "Transport", "AgentModel", orderedCollections],
            swiftSettings: settings),
        .target(name: "Statistics", dependencies: ["Basis"], swiftSettings: settings),
        .target(name: "TLSRecords", dependencies: ["Basis", "OpenSSL", "COpenSSL"], swiftSettings: settings),
        .target(
            name: "Metrics",
            dependencies: ["Basis", "OpAMP", "Packages", "AgentModel", "Engine", "Prometheus", "Zlib", histogram],
            swiftSettings: settings),
        .target(
            name: "Engine", dependencies: ["Basis", "OpenSSL", "TLSRecords", "CLinux", "COpenSSL"],
            swiftSettings: settings),
        .target(
            name: "Hosting",
            dependencies: [
                "Basis", "Matching", "OpenSSL", "OTLP", "OpAMP", "Transport", "Packages", "AgentModel", "ControlPlane",
                "Metrics", "Observing", "Rollout",
                "Engine", heap,
            ],
            swiftSettings: settings),
        .target(
            name: "Fleet",
            dependencies: [
                "Basis", "OpenSSL", "Matching", "Schema", "OpAMP", "Transport", "Packages", "AgentModel",
                "ControlPlane", "Rollout", "Simulation",
                "Metrics", "Observing", "Engine", "Hosting", yams, orderedCollections,
            ],
            swiftSettings: settings),
        .target(name: "Schema", dependencies: ["Basis", yams], swiftSettings: settings),
        .target(
            name: "Report",
            dependencies: ["Basis", "OpAMP", "OTLP", "AgentModel", "Metrics", "Statistics", "Rollout", "Simulation"],
            swiftSettings: settings),
        .executableTarget(
            name: "muster",
            dependencies: [
                "Basis", "OpenSSL", "Schema", "OpAMP", "Packages", "ControlPlane", "Metrics", "Observing", "Engine",
                "Hosting", "Fleet",
                "Prometheus", "Report", "Rollout", "Simulation", "Statistics", "Transport",
                argumentParser,
            ],
            swiftSettings: settings),

        // Writes the messages of Protobuf, OpAMP and OTLP, and docs/protocol.md, from protocol/*.schema:
        // scripts/generate.
        .executableTarget(name: "ProtocolGenerator", swiftSettings: settings),

        // For tests: scripted servers, proxies and clients, a small fleet, other people's programs at the other end.
        .target(
            name: "TestSupport", dependencies: ["Basis", "Transport", "AgentModel", "Metrics", "Engine", "Hosting"],
            path: "Tests/TestSupport", swiftSettings: settings),
        // Pairs of record layers, for the tests of TLSRecords and of Engine.
        .target(
            name: "RecordSupport", dependencies: ["Basis", "TLSRecords"], path: "Tests/RecordSupport",
            swiftSettings: settings),
        // Servers in virtual time, for the tests of Matching and for benchmarks.
        .target(
            name: "MatchingSimulation", dependencies: ["Basis", "Matching"], path: "Tests/MatchingSimulation",
            swiftSettings: settings),
        .testTarget(
            name: "MatchingTests", dependencies: ["Basis", "Matching", "MatchingSimulation"], swiftSettings: settings),
        .testTarget(name: "StyleTests", swiftSettings: settings),
        .testTarget(name: "OpenSSLTests", dependencies: ["Basis", "OpenSSL"], swiftSettings: settings),
        .testTarget(name: "BasisTests", dependencies: ["Basis"], swiftSettings: settings),
        .testTarget(name: "SchemaTests", dependencies: ["Basis", "Schema"], swiftSettings: settings),
        .testTarget(
            name: "OpAMPTests",
            dependencies: ["Basis", "Protobuf", "OpAMP", "ProtocolGenerator", orderedCollections, protobuf],
            exclude: ["Oracle/OpAMPOracle.proto"], swiftSettings: settings),
        .testTarget(name: "OTLPTests", dependencies: ["Protobuf", "OTLP", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "PrometheusTests", dependencies: ["Protobuf", "Prometheus", "TestSupport"], swiftSettings: settings),
        .testTarget(name: "TransportTests", dependencies: ["Basis", "Transport"], swiftSettings: settings),
        .testTarget(
            name: "PackagesTests", dependencies: ["Basis", "OpenSSL", "Transport", "Packages"], swiftSettings: settings),
        .testTarget(
            name: "AgentModelTests",
            dependencies: ["Basis", "Matching", "OTLP", "OpAMP", "AgentModel", orderedCollections],
            swiftSettings: settings),
        .testTarget(
            name: "ControlPlaneTests",
            dependencies: ["Basis", "OpenSSL", "OpAMP", "ControlPlane", "Rollout", orderedCollections],
            swiftSettings: settings),
        .testTarget(
            name: "ObservingTests",
            dependencies: ["Basis", "OpAMP", "Transport", "AgentModel", "Observing", orderedCollections],
            swiftSettings: settings),
        .testTarget(name: "RolloutTests", dependencies: ["Basis", "Schema", "Rollout"], swiftSettings: settings),
        .testTarget(
            name: "SimulationTests",
            dependencies: ["Basis", "OpAMP", "AgentModel", "ControlPlane", "Rollout", "Simulation"],
            swiftSettings: settings),
        // A load test and a server with a known limit, for the tests of Statistics and for benchmarks.
        .target(
            name: "StatisticsSimulation", dependencies: ["Basis", "Statistics"], path: "Tests/StatisticsSimulation",
            swiftSettings: settings),
        .testTarget(
            name: "StatisticsTests", dependencies: ["Basis", "Statistics", "StatisticsSimulation"],
            swiftSettings: settings),
        .testTarget(
            name: "TLSRecordsTests", dependencies: ["Basis", "TLSRecords", "RecordSupport"], swiftSettings: settings),
        .testTarget(
            name: "MetricsTests",
            dependencies: ["Basis", "OpAMP", "AgentModel", "Metrics", "Prometheus", "TestSupport", histogram],
            swiftSettings: settings),
        .testTarget(
            name: "HostingTests",
            dependencies: [
                "Basis", "OpenSSL", "OTLP", "OpAMP", "Transport", "Packages", "AgentModel", "ControlPlane", "Metrics",
                "Engine", "Observing", "Rollout",
                "Hosting", "TestSupport", orderedCollections,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "ReportTests",
            dependencies: [
                "Basis", "OpAMP", "OTLP", "AgentModel", "Metrics", "Statistics", "Rollout", "Simulation", "Report",
                "TestSupport",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "EngineTests",
            dependencies: [
                "Basis", "OpenSSL", "TLSRecords", "Engine", "CLinux", "COpenSSL", "RecordSupport",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "FleetTests",
            dependencies: [
                "Basis", "OpenSSL", "Schema", "OpAMP", "AgentModel", "ControlPlane", "Metrics", "Observing", "Engine",
                "Hosting", "Fleet", "Rollout", "Simulation",
                "Report",
                "Transport", "Packages", "TestSupport",
                orderedCollections,
            ],
            exclude: ["Profile/Corpus"], swiftSettings: settings),
        // Figures against servers whose log is the truth.
        .testTarget(
            name: "TruthTests",
            dependencies: [
                "Basis", "OpenSSL", "OpAMP", "Transport", "AgentModel", "Metrics", "Engine", "Hosting", "TestSupport",
            ],
            swiftSettings: settings),
        // The built command, run as a process.
        .testTarget(name: "CommandTests", dependencies: ["muster", "TestSupport"], swiftSettings: settings),
    ]
)

// The fuzz targets need libFuzzer, which only scripts/fuzz links.
if Context.environment["MUSTER_FUZZING"] != nil {
    package.products.append(.executable(name: "fuzz", targets: ["fuzz"]))
    package.targets.append(
        .executableTarget(
            name: "fuzz",
            dependencies: [
                "Basis", "Protobuf", "OTLP", "OpAMP", "TLSRecords", "Transport", "Packages", "Metrics", "Observing",
                "Schema", "Rollout", "Fleet",
            ],
            path: "Tests/Fuzzing", exclude: ["Seeds"], swiftSettings: settings))
}
