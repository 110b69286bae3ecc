import ArgumentParser
import Fleet

/// What is watched of the server during a run.
struct ServerWatchOptions: ParsableArguments {
    @Option(
        name: .customLong("server-pid"),
        help: ArgumentHelp(
            "Watch this process of this machine (default: the one that listens on the server's port, if it is here).",
            valueName: "pid"))
    var pid: Int32?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Scrape these metrics of the server once a second: http://host:port/metrics name…, in Prometheus's format.",
            valueName: "url name"))
    var scrape: [String] = []

    /// - Throws: `Failure`.
    func request() throws -> ScrapeRequest? {
        guard let url = scrape.first else { return nil }
        do throws(ScrapeRequestError) {
            return try ScrapeRequest(url: url, names: Array(scrape.dropFirst()))
        } catch { throw Failure(.badUsage, "--scrape: \(error).") }
    }
}
