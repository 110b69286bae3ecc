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
            """
            Scrape these metrics of the server once a second: http(s)://host:port/metrics name…, in Prometheus's text \
            format.
            """,
            valueName: "url name"))
    var scrape: [String] = []

    @Option(
        name: .customLong("scrape-ca"), help: "A PEM file of authorities to trust there instead of this machine's.")
    var authorities: String?

    @Option(name: .customLong("scrape-cert"), help: "The PEM file of the certificate to show there (mTLS).")
    var certificate: String?

    @Option(name: .customLong("scrape-key"), help: "The PEM file of its key.")
    var key: String?

    @Option(name: .customLong("scrape-token-file"), help: "A file with the bearer token to send there.")
    var tokenFile: String?

    @Option(name: .customLong("scrape-header"), help: "A header of every request there, 'Name: value'. Repeatable.")
    var headers: [String] = []

    private var access: SideAccess {
        var access = SideAccess()
        (access.authorities, access.certificate, access.key) = (authorities, certificate, key)
        (access.tokenFile, access.headers) = (tokenFile, headers)
        return access
    }

    /// - Throws: `Failure`.
    func request() throws -> ScrapeRequest? {
        guard let url = scrape.first else { return nil }
        do throws(ScrapeRequestError) {
            return try ScrapeRequest(url: url, names: Array(scrape.dropFirst()), access: access)
        } catch { throw Failure(.badUsage, "\(error).") }
    }
}
