import ArgumentParser
import Fleet

/// How the fleet's connections are secured; shared by `run` and `check`. Secrets are only named by their files.
struct TLSOptions: ParsableArguments {
    @Option(name: .customLong("tls-ca"), help: "A PEM file of authorities to trust instead of this machine's.")
    var authorities: String?

    @Flag(name: .customLong("tls-system-ca"), help: "Trust this machine's authorities besides.")
    var system = false

    @Option(
        name: .customLong("tls-pin"),
        help: "The SHA-256 digest of the server's key, in hexadecimal digits; several may be given.")
    var pins: [String] = []

    @Option(name: .customLong("tls-server-name"), help: "The name to ask for and to hold the certificate against.")
    var serverName: String?

    @Flag(name: .customLong("tls-no-host-check"), help: "Take a trusted certificate for any host.")
    var skipsHost = false

    @Option(name: .customLong("tls-min-version"), help: "The lowest version of TLS: 1.2 or 1.3.")
    var lowest: String?

    @Option(name: .customLong("tls-max-version"), help: "The highest version of TLS: 1.2 or 1.3.")
    var highest: String?

    @Option(name: .customLong("tls-crl"), help: "A PEM file with the revocation list of the server's authority.")
    var revocationList: String?

    @Flag(name: .customLong("tls-require-stapled-status"), help: "Refuse servers that staple no good OCSP status.")
    var stapledStatus = false

    @Flag(name: .customLong("insecure-skip-verify"), help: "Verify nothing: for servers with throw-away certificates.")
    var skipsVerification = false

    @Flag(name: .customLong("tls-no-resumption"), help: "A full handshake for every connection.")
    var neverResumes = false

    @Option(name: .customLong("tls-cert"), help: "The PEM file of the certificate that every agent shows (mTLS).")
    var certificate: String?

    @Option(name: .customLong("tls-key"), help: "The PEM file of its key.")
    var key: String?

    @Option(
        name: .customLong("tls-issue-ca"),
        help: "The PEM file of an authority that issues a certificate of its own for each agent (mTLS).")
    var issuer: String?

    @Option(name: .customLong("tls-issue-ca-key"), help: "The PEM file of the authority's key.")
    var issuerKey: String?

    var overrides: TLSOverrides {
        var overrides = TLSOverrides()
        overrides.authorities = authorities
        overrides.trustsSystem = system ? true : nil
        overrides.pinnedKeys = pins
        overrides.serverName = serverName
        overrides.skipsHost = skipsHost
        overrides.lowestVersion = lowest
        overrides.highestVersion = highest
        overrides.revocationList = revocationList
        overrides.requiresStapledStatus = stapledStatus
        overrides.skipsVerification = skipsVerification
        overrides.neverResumes = neverResumes
        overrides.certificate = certificate
        overrides.key = key
        overrides.issuer = issuer
        overrides.issuerKey = issuerKey
        return overrides
    }
}
