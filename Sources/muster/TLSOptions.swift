import ArgumentParser
import Fleet
import OpenSSL
import Schema

/// How the fleet's connections are secured; shared by `run` and `check`. Secrets are only named by their files.
struct TLSOptions: ParsableArguments {
    @Option(name: .customLong("tls-ca"), help: "A PEM file of authorities to trust instead of this machine's.")
    var authorities: String?

    @Flag(name: .customLong("tls-system-ca"), help: "Also trust this machine's authorities.")
    var system = false

    @Option(
        name: .customLong("tls-pin"),
        help: "The SHA-256 digest of the server's key, in hexadecimal digits; several may be given.")
    var pins: [String] = []

    @Option(name: .customLong("tls-server-name"), help: "The server name for SNI and for the check of the certificate.")
    var serverName: String?

    @Flag(name: .customLong("tls-no-host-check"), help: "Accept a trusted certificate with any host name.")
    var skipsHost = false

    @Option(name: .customLong("tls-min-version"), help: "The lowest version of TLS: 1.2 or 1.3.")
    var lowest: String?

    @Option(name: .customLong("tls-max-version"), help: "The highest version of TLS: 1.2 or 1.3.")
    var highest: String?

    @Option(name: .customLong("tls-crl"), help: "A PEM file with the revocation list of the server's authority.")
    var revocationList: String?

    @Flag(name: .customLong("tls-require-stapled-status"), help: "Refuse servers without a valid stapled OCSP status.")
    var stapledStatus = false

    @Flag(
        name: .customLong("insecure-skip-verify"),
        help: "Verify no certificate: for servers with temporary certificates.")
    var skipsVerification = false

    @Flag(
        name: .customLong("tls-no-resumption"), help: "Do not resume sessions: a full handshake for every connection.")
    var neverResumes = false

    @Option(name: .customLong("tls-cert"), help: "The PEM file of the certificate that every agent shows (mTLS).")
    var certificate: String?

    @Option(name: .customLong("tls-key"), help: "The PEM file of its key.")
    var key: String?

    @Option(
        name: .customLong("tls-issue-ca"),
        help: "The PEM file of an authority that issues a certificate for each agent (mTLS).")
    var issuer: String?

    @Option(name: .customLong("tls-issue-ca-key"), help: "The PEM file of the authority's key.")
    var issuerKey: String?

    /// - Throws: `Failure` where an option lacks the one that goes with it.
    func overrides() throws -> [Override] {
        let paths = [("--tls-ca", authorities), ("--tls-crl", revocationList)]
        let words = [
            ("--tls-system-ca", system ? "true" : nil), ("--tls-server-name", serverName),
            ("--tls-no-host-check", skipsHost ? "false" : nil), ("--tls-min-version", lowest),
            ("--tls-max-version", highest), ("--tls-require-stapled-status", stapledStatus ? "true" : nil),
            ("--insecure-skip-verify", skipsVerification ? "true" : nil),
            ("--tls-no-resumption", neverResumes ? "false" : nil),
        ]
        var overrides = paths.compactMap { option, value in value.map { Override.path(option, $0) } }
        overrides += words.compactMap { option, value in value.map { Override.key(option, $0) } }
        if !pins.isEmpty { overrides.append(.list("--tls-pin", ["tls", "pins"], pins)) }
        let own = try Self.pair(("--tls-cert", certificate), ("--tls-key", key))
        let issued = try Self.pair(("--tls-issue-ca", issuer), ("--tls-issue-ca-key", issuerKey))
        if own != nil, issued != nil {
            throw Failure(
                .badUsage,
                "--tls-cert: agents have one certificate among them or each its own; leave one of the two out.")
        }
        if let (certificate, key) = own { overrides.append(.certificate("--tls-cert", certificate, key: key)) }
        if let (certificate, key) = issued { overrides.append(.issuer("--tls-issue-ca", certificate, key: key)) }
        return overrides
    }

    /// Both values of two options that go together, or none.
    private static func pair(_ first: (String, String?), _ second: (String, String?)) throws -> (String, String)? {
        switch (first.1, second.1) {
        case (let one?, let other?): return (one, other)
        case (nil, nil): return nil
        case (_?, nil): throw Failure(.badUsage, "\(first.0): it needs \(second.0) beside it.")
        case (nil, _?): throw Failure(.badUsage, "\(second.0): it needs \(first.0) beside it.")
        }
    }
}
