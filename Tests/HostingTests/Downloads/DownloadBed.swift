import AgentModel
import Basis
import Engine
import Metrics
import OpAMP
import Packages
import Synchronization
import TestSupport
import Testing

@testable import Hosting

/// One shard's downloads without agents: requests in, updates out.
final class DownloadBed: @unchecked Sendable {
    // `downloads` is touched on the shard alone.
    let shard: Shard
    private var downloads: ShardDownloads?
    private let recorder: RunRecorder
    private let metrics: ShardMetrics
    private let exchange = IntervalExchange()

    init(_ setup: DownloadSetup = DownloadSetup()) async throws {
        shard = try Shard(label: "downloads")
        metrics = ShardMetrics(exchange: exchange)
        recorder = RunRecorder(start: Shard.clock, exchanges: [exchange], sample: DownloadBed.sample)
        await shard.value { [self] in
            downloads = ShardDownloads(shard: shard, metrics: metrics, setup: setup, sources: [], seed: 1)
        }
    }

    /// What was told of a download until it ended.
    struct Told: Sendable {
        var outcome: DownloadOutcome
        var progress: [DownloadProgress] = []

        var failure: String {
            if case .failed(let words) = outcome { words } else { "" }
        }
    }

    func fetch(
        _ url: String, hash: [UInt8] = [], signature: [UInt8] = [], headers: [(String, String)] = [],
        requiresSignature: Bool = false, agent: UInt64 = 0, by route: DownloadRoute? = nil,
        _ change: (inout FetchPlan) -> Void = { _ in }
    ) async -> Told {
        var plan = FetchPlan(retryDelay: .milliseconds(10))
        change(&plan)
        let request = PackageDownload(
            agent: agent, number: 1, package: "collector", version: "1",
            file: DownloadableFile(
                downloadURL: url, contentHash: hash, signature: signature,
                headers: Headers(headers: headers.map { Header(key: $0.0, value: $0.1) })),
            plan: plan, requiresSignature: requiresSignature, progressInterval: .milliseconds(20))
        let progress = Mutex<[DownloadProgress]>([])
        let outcome: DownloadOutcome = await withCheckedContinuation { continuation in
            shard.perform { [self] in
                downloads?.begin(request, by: route.map { route in { _, _ in route } }) { update in
                    #expect(update.agent == agent && update.number == 1)
                    switch update.event {
                    case .progressed(let step): progress.withLock { $0.append(step) }
                    case .ended(let outcome): continuation.resume(returning: outcome)
                    }
                }
            }
        }
        return Told(outcome: outcome, progress: progress.withLock { $0 })
    }

    /// Begins a download without waiting for it.
    func begin(_ url: String, agent: UInt64) async {
        let request = PackageDownload(
            agent: agent, number: 1, package: "collector", version: "1", file: DownloadableFile(downloadURL: url),
            plan: FetchPlan(stallTimeout: .seconds(3_600), timeout: .seconds(3_600)), requiresSignature: false,
            progressInterval: .seconds(3_600))
        await shard.value { [self] in
            downloads?.begin(request) { _ in Issue.record("a cancelled download is told of") }
        }
    }

    func cancel(agent: UInt64) async {
        await shard.value { [self] in downloads?.cancel(agent: agent) }
    }

    func figures() async -> Snapshot {
        await shard.value { [self] in _ = metrics.publish() }
        return recorder.tick(at: Shard.clock, process: DownloadBed.sample)
    }

    func stop() async {
        await shard.stop()
        await shard.value { [self] in downloads = nil }
    }

    private static let sample = ProcessSample(cpu: .zero, residentBytes: 0, availableCores: 1)
}

extension HTTPReaction {
    /// A 200 with a file; fewer bytes than announced where `sent` says so, and then the connection ends.
    static func file(_ body: [UInt8], tag: String? = "\"v1\"", sent: Int? = nil) -> HTTPReaction {
        let head =
            "HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\n" + (tag.map { "ETag: \($0)\r\n" } ?? "") + "\r\n"
        return .saysAndCloses(Array(head.utf8) + body.prefix(sent ?? body.count))
    }

    /// A 206 with the rest of a file.
    static func rest(_ body: [UInt8], from start: Int) -> HTTPReaction {
        let head =
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes \(start)-\(body.count - 1)/\(body.count)\r\n"
            + "Content-Length: \(body.count - start)\r\n\r\n"
        return .saysAndCloses(Array(head.utf8) + body[start...])
    }
}
