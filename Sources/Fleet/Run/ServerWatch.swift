import Basis
import Engine
import Hosting
import Metrics
import Synchronization
import Transport

/// What is scraped from a server during a run: values in the text format of Prometheus.
public struct ScrapeRequest: Hashable, Sendable {
    public let url: ServerURL
    /// As they are served, with or without labels.
    public let names: [String]
    public let access: SideAccess

    /// The limit of names.
    public static let limit = 64

    /// - Throws: `ScrapeRequestError`.
    public init(url text: String, names: [String], access: SideAccess = SideAccess()) throws(ScrapeRequestError) {
        do throws(SideServerError) { url = try SideServer.url(text, path: "/metrics", option: "--scrape") } catch {
            throw .badURL("\(error)")
        }
        self.access = access
        guard (1...Self.limit).contains(names.count) else { throw .names }
        self.names = names
    }
}

/// A request to scrape that cannot be made. The user's fault.
public enum ScrapeRequestError: Error, Hashable, CustomStringConvertible {
    case badURL(String)
    case names

    public var description: String {
        switch self {
        case .badURL(let problem): problem
        case .names:
            "--scrape: after the URL, name 1 to \(ScrapeRequest.limit) metrics, such as process_resident_memory_bytes"
        }
    }
}

/// Watches the server beside a run: its process where that is on this machine, and what it serves at `/metrics`.
struct ServerWatch: Sendable {
    let source: ServerWatchSource
    private let process: WatchedProcess?
    private let scraper: Scraper?

    /// Nil where there is nothing to watch.
    init?(_ options: FleetRunOptions, isEmbedded: Bool, address: SocketAddress?) async throws(RunError) {
        var scraper: Scraper?
        if let request = options.scrape { scraper = try await Scraper(request) }
        self.scraper = scraper
        guard !isEmbedded else {
            (source, process) = (.embedded, nil)
            return
        }
        if let pid = options.serverPID {
            guard let process = WatchedProcess(pid: pid) else { throw .noProcess(pid) }
            self.process = process
        } else {
            process = address.flatMap { $0.isLoopback ? WatchedProcess.listening(on: $0.port) : nil }
        }
        if let process {
            source = .process(pid: process.pid, name: process.name)
        } else if scraper != nil {
            source = .scraped
        } else {
            return nil
        }
    }

    var names: [String] { scraper?.request.names ?? [] }

    /// The figures of now, and the latest that were scraped; asks for the next.
    func sample() -> ServerSample {
        let figures = process?.figures()
        return ServerSample(
            cpu: figures?.cpu, residentBytes: figures?.residentBytes ?? 0, threads: figures?.threads ?? 0,
            descriptors: figures?.descriptors, scraped: scraper?.next() ?? [])
    }
}

/// Asks a server for its metrics, one question at a time, on a shard of its own.
final class Scraper: Sendable {
    let request: ScrapeRequest
    private let server: SideServer
    private let state: Mutex<State>

    private struct State {
        var values: [Double?]
        var isAsking = false
    }

    init(_ request: ScrapeRequest) async throws(RunError) {
        self.request = request
        state = Mutex(State(values: [Double?](repeating: nil, count: request.names.count)))
        do throws(SideServerError) {
            server = try await SideServer(request.url, request.access, option: "--scrape")
        } catch { throw .sideServer(error) }
        await ask()
    }

    /// The values of the last answer. A question that is not answered yet is not asked again.
    func next() -> [Double?] {
        let (values, isFree) = state.withLock { state in
            defer { state.isAsking = true }
            return (state.values, !state.isAsking)
        }
        if isFree { Task.detached(priority: .utility) { await self.ask() } }
        return values
    }

    private func ask() async {
        let response = try? await server.ask(.get, maxResponse: Self.maxBytes, within: Self.timeout).get()
        let isPage = response?.status == 200 && response?.fields["Content-Type"]?.hasPrefix("text/plain") == true
        let page = isPage ? response.map { String(decoding: $0.body, as: UTF8.self) } : nil
        let values = page.map { PrometheusReading.values(of: request.names, in: $0) }
        state.withLock { state in
            state.values = values ?? [Double?](repeating: nil, count: request.names.count)
            state.isAsking = false
        }
    }

    /// A page of metrics is not longer.
    private static let maxBytes = 8 << 20
    private static let timeout = Nanoseconds.seconds(3)
}
