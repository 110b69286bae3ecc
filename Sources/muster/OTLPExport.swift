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
        var latest: Snapshot?
    }

    private let address: SocketAddress
    private let url: ServerURL
    private let shard: Shard
    private let state: Mutex<State>

    /// - Parameter text: `http://host:4318`, or with a path other than `/v1/metrics`.
    init(to text: String, _ identity: RunIdentity, temporality: OTLPMetrics.Temporality) async throws {
        let given =
            text.split(separator: "/", omittingEmptySubsequences: true).count < 3 ? text.trimmed + Self.path : text
        let url: ServerURL
        do { url = try ServerURL(given) } catch { throw Failure(.badUsage, "--otlp: \(error)") }
        guard url.scheme == .http else {
            throw Failure(
                .badUsage, "--otlp: metrics are sent over http://, to a collector near by: http://localhost:4318")
        }
        self.url = url
        do {
            let found = try await HostResolver.shared.resolve(url.host, port: UInt16(clamping: url.port))
            guard let first = found.first else { throw Failure(.runFailed, "--otlp: \(url.host) has no address.") }
            address = first
            shard = try Shard(label: "muster.otlp")
        } catch let failure as Failure { throw failure } catch { throw Failure(.runFailed, "--otlp: \(error)") }
        let start = WallClock.unixNanoseconds(at: Shard.clock)
        state = Mutex(State(metrics: OTLPMetrics(identity, start: start, temporality: temporality)))
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
        let (delivered, failed) = state.withLock { ($0.delivered, $0.failed) }
        return "OTLP: \(delivered) requests accepted by \(url)"
            + (failed > 0 ? ", \(failed) not: is a receiver of OTLP/HTTP there?" : "")
    }

    private func send(_ snapshot: Snapshot) async {
        let time = WallClock.unixNanoseconds(at: Shard.clock)
        let body = state.withLock { $0.metrics.body(for: snapshot, time: time) }
        var fields = HTTPFields()
        try? fields.append("Content-Type", "application/x-protobuf")
        try? fields.append("User-Agent", "OTel-OTLP-Exporter-Muster")
        let request = HTTPCall.Request(
            .post, target: url.path, host: "\(url.bracketedHost):\(url.port)", fields: fields, body: body,
            maxResponse: Self.maxAnswer)
        let response = await HTTPCall.perform(request, at: address, within: Self.timeout, on: shard)
        let isAccepted = response.map { (200..<300).contains($0.status) } ?? false
        state.withLock { state in
            if isAccepted { state.delivered += 1 } else { state.failed += 1 }
            state.isSending = false
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

extension String {
    /// Without slashes at its end.
    fileprivate var trimmed: String { String(reversed().drop { $0 == "/" }.reversed()) }
}
