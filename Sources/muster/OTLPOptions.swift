import ArgumentParser
import Fleet
import Metrics
import Report

/// Where the figures of a run are sent by OTLP.
struct OTLPOptions: ParsableArguments {
    @Option(
        name: .customLong("otlp"),
        help: ArgumentHelp(
            "Send the metrics of the run to an OTLP/HTTP receiver every 10 s: http(s)://localhost:4318.",
            valueName: "url"))
    var url: String?

    @Option(
        name: .customLong("otlp-temporality"),
        help: "What the points cover: the time since the start, or since the request before.")
    var temporality = TemporalityWord.cumulative

    @Option(name: .customLong("otlp-ca"), help: "A PEM file of authorities to trust there instead of this machine's.")
    var authorities: String?

    @Option(name: .customLong("otlp-cert"), help: "The PEM file of the certificate to show there (mTLS).")
    var certificate: String?

    @Option(name: .customLong("otlp-key"), help: "The PEM file of its key.")
    var key: String?

    @Option(name: .customLong("otlp-token-file"), help: "A file with the bearer token to send there.")
    var tokenFile: String?

    @Option(name: .customLong("otlp-header"), help: "A header of every request there, 'Name: value'. Repeatable.")
    var headers: [String] = []

    /// Nil where nothing is sent.
    /// - Throws: `Failure`.
    func export(_ identity: RunIdentity) async throws -> OTLPExport? {
        guard let url else { return nil }
        var access = SideAccess()
        (access.authorities, access.certificate, access.key) = (authorities, certificate, key)
        (access.tokenFile, access.headers) = (tokenFile, headers)
        return try await OTLPExport(
            to: url, access, identity, temporality: temporality == .delta ? .delta : .cumulative)
    }

    enum TemporalityWord: String, ExpressibleByArgument, CaseIterable {
        case cumulative, delta
    }
}
