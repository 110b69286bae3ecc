import Engine
import Hosting
import Metrics
import Prometheus
import Synchronization
import Transport

/// `--metrics`: the metrics of the run for a Prometheus server, during the run.
final class MetricsPage: Sendable {
    private let latest = Latest()
    private let server: ScrapeServer

    /// - Parameter place: `9464`, `:9464`, `127.0.0.1:9464` or `[::1]:9464`; without an address, the loopback's.
    /// - Throws: `Failure`, with what to write instead.
    init(at place: String) throws {
        guard let address = Self.address(place) else {
            throw Failure(
                .badUsage,
                """
                --metrics: '\(place)' is not an address to listen on. Give a port, such as 9464, or an IP address \
                and a port, such as 0.0.0.0:9464 or [::1]:9464.
                """)
        }
        let latest = latest
        do throws(ScrapeServerError) {
            server = try ScrapeServer(address: address) { request in
                guard let snapshot = latest.snapshot.withLock({ $0 }) else { return nil }
                let format = ExpositionFormat(accept: request.fields.values(of: "Accept"))
                return ScrapeServer.Page(
                    contentType: format.contentType, body: PrometheusPage.body(for: snapshot, as: format))
            }
        } catch {
            throw Failure(.badUsage, "--metrics: \(error)")
        }
    }

    /// Where it can be scraped.
    var url: String { "http://\(server.address)/metrics" }

    func show(_ snapshot: Snapshot) {
        latest.snapshot.withLock { $0 = snapshot }
    }

    func stop() async {
        await server.stop()
    }

    /// The address of `9464`, `:9464`, `127.0.0.1:9464` or `[::1]:9464`; nil where it is none.
    static func address(_ place: String) -> SocketAddress? {
        guard let colon = place.lastIndex(of: ":") else {
            return UInt16(place).flatMap { SocketAddress(host: "127.0.0.1", port: $0) }
        }
        guard let port = UInt16(place[place.index(after: colon)...]) else { return nil }
        var host = String(place[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        return SocketAddress(host: host.isEmpty ? "127.0.0.1" : host, port: port)
    }
}

/// The last snapshot of the run: the server's shard reads what the collector writes.
private final class Latest: Sendable {
    let snapshot = Mutex<Snapshot?>(nil)
}
