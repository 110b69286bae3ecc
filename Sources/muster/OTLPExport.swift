import Basis
import Engine
import Fleet
import Hosting
import Metrics
import Report
import Synchronization
import Transport

/// `--otlp`: sends the figures of a run to an OTLP/HTTP receiver while it goes on. One request at a time; what the
/// receiver does not accept is counted and reported at the end.
final class OTLPExport: Sendable {
    private struct State {
        var metrics: OTLPMetrics
        var ticks = 0
        var isSending = false
        var delivered = 0
        var failed = 0
        /// Why the last one that failed did.
        var problem = ""
        var latest: Snapshot?
    }

    private let server: SideServer
    private let state: Mutex<State>

    init(
        to text: String, _ access: SideAccess, _ identity: RunIdentity, temporality: OTLPMetrics.Temporality
    ) async throws {
        do throws(SideServerError) {
            server = try await SideServer(try Self.url(text), access, option: "--otlp")
        } catch { throw Failure(.badUsage, "\(error)") }
        let start = WallClock.unixNanoseconds(at: Shard.clock)
        state = Mutex(State(metrics: OTLPMetrics(identity, start: start, temporality: temporality)))
    }

    /// - Parameter text: `http://host:4318`, or with a path other than `/v1/metrics`.
    private static func url(_ text: String) throws(SideServerError) -> ServerURL {
        try SideServer.url(text, path: path, option: "--otlp")
    }

    /// A second of the run is over: every tenth is sent.
    func show(_ snapshot: Snapshot) {
        let isDue = state.withLock { state in
            state.latest = snapshot
            state.ticks += 1
            guard state.ticks % Self.period == 1, !state.isSending else { return false }
            state.isSending = true
            return true
        }
        if isDue { Task.detached(priority: .utility) { await self.send(snapshot) } }
    }

    /// Sends what is left. What became of the requests, for the user.
    func finish() async -> String {
        var waits = 0
        while state.withLock({ $0.isSending }), waits < Self.maxWaits {
            try? await Task.sleep(for: .milliseconds(50))
            waits += 1
        }
        if let last = state.withLock({ $0.latest }) { await send(last) }
        let (delivered, failed, problem) = state.withLock { ($0.delivered, $0.failed, $0.problem) }
        return "OTLP: \(delivered) requests accepted by \(server.url)"
            + (failed > 0 ? ", \(failed) not: \(problem)" : "")
    }

    private func send(_ snapshot: Snapshot) async {
        let time = WallClock.unixNanoseconds(at: Shard.clock)
        let body = state.withLock { $0.metrics.body(for: snapshot, time: time) }
        let result = await server.ask(
            .post,
            fields: [("Content-Type", "application/x-protobuf"), ("User-Agent", "OTel-OTLP-Exporter-Muster")],
            body: body, maxResponse: Self.maxAnswer, within: Self.timeout)
        state.withLock { state in
            state.isSending = false
            switch result {
            case .success(let response) where (200..<300).contains(response.status): state.delivered += 1
            case .success(let response):
                state.failed += 1
                state.problem = "answered with status \(response.status)"
            case .failure(let problem):
                state.failed += 1
                state.problem = "\(problem); is a receiver of OTLP/HTTP there?"
            }
        }
    }

    /// Seconds between requests.
    private static let period = 10
    private static let path = "/v1/metrics"
    private static let maxAnswer = 1 << 20
    private static let timeout = Nanoseconds.seconds(3)
    /// Five seconds.
    private static let maxWaits = 100
}
