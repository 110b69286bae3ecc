// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableExperimentalFeature("Lifetimes"),
    .treatAllWarnings(as: .error),
]

let codec: [Target.Dependency] = [
    .product(name: "OpAMP", package: "muster"),
    .product(name: "OrderedCollections", package: "swift-collections"),
    .product(name: "SwiftProtobuf", package: "swift-protobuf"),
]

let package = Package(
    name: "muster-benchmarks",
    dependencies: [
        .package(name: "muster", path: ".."),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        // What Muster's codec is measured against.
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
    ],
    targets: [
        // Encoding and decoding: Muster's codec against swift-protobuf on the same messages in the same run.
        .executableTarget(
            name: "Codec",
            dependencies: codec + [.product(name: "Benchmark", package: "benchmark")],
            path: "Benchmarks/Codec", swiftSettings: settings,
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
        // The same messages, timed back to back for their ratios, and allocations per message.
        .executableTarget(
            name: "CodecRatios", dependencies: codec + ["CMallocCount"], path: "CodecRatios", swiftSettings: settings),

        // CPU per message of the engine against a plain epoll loop in C, and allocations per message.
        .target(name: "CEpollLoop", path: "CEpollLoop"),
        .target(name: "CMallocCount", path: "CMallocCount"),
        .executableTarget(
            name: "EngineComparison",
            dependencies: ["CEpollLoop", "CMallocCount", .product(name: "MusterEngine", package: "muster")],
            path: "EngineComparison", swiftSettings: settings),

        // CPU of a reconnect of agents against a plain epoll loop in C, plaintext and TLS: benchmarks/storms.
        .executableTarget(
            name: "StormTable",
            dependencies: ["CEpollLoop", "CMallocCount", .product(name: "MusterHosting", package: "muster")],
            path: "StormTable", swiftSettings: settings),

        // How well answers are matched to reports, over simulated servers.
        .executableTarget(
            name: "MatchingTable", dependencies: [.product(name: "MusterMatching", package: "muster")],
            path: "MatchingTable", swiftSettings: settings),

        // How often the canary test stops, and after how many agents, over many seeds: benchmarks/CanaryTable.
        .executableTarget(
            name: "CanaryTable", dependencies: [.product(name: "MusterRehearsal", package: "muster")],
            path: "CanaryTable", exclude: ["peer.py"], swiftSettings: settings),
        // What compare and find-limit find in simulated runs.
        .executableTarget(
            name: "StatisticsTable", dependencies: [.product(name: "MusterStatistics", package: "muster")],
            path: "StatisticsTable", swiftSettings: settings),

        // What rehearsals in virtual time cost: time and memory of each scenario.
        .executableTarget(
            name: "RehearsalTable", dependencies: [.product(name: "MusterRehearsal", package: "muster")],
            path: "RehearsalTable", swiftSettings: settings),

        // A peer that sends every message back, for the Autobahn suite of WebSocket tests: benchmarks/autobahn.
        .executableTarget(
            name: "EchoPeer",
            dependencies: [
                .product(name: "MusterTransport", package: "muster"), .product(name: "MusterEngine", package: "muster"),
            ],
            path: "EchoPeer", swiftSettings: settings),

        // One end of TLS for other people's programs at the other end: benchmarks/tls-peers.
        .executableTarget(
            name: "TLSPeer", dependencies: [.product(name: "MusterEngine", package: "muster")], path: "TLSPeer",
            swiftSettings: settings),

        // Compression by coding and level, and frames that leave together: what both cost and save.
        .executableTarget(
            name: "WireRatios",
            dependencies: [
                .product(name: "OpAMP", package: "muster"), .product(name: "MusterTransport", package: "muster"),
                .product(name: "MusterEngine", package: "muster"),
                .product(name: "OrderedCollections", package: "swift-collections"),
            ],
            path: "WireRatios", swiftSettings: settings),
    ]
)
