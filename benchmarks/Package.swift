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

let package = Package(
    name: "muster-benchmarks",
    dependencies: [
        .package(name: "muster", path: "..")
    ],
    targets: [
        // CPU per message of the engine against a plain epoll loop in C, and allocations per message.
        .target(name: "CEpollLoop", path: "CEpollLoop"),
        .target(name: "CMallocCount", path: "CMallocCount"),
        .executableTarget(
            name: "EngineComparison",
            dependencies: ["CEpollLoop", "CMallocCount", .product(name: "MusterEngine", package: "muster")],
            path: "EngineComparison", swiftSettings: settings),
    ]
)
