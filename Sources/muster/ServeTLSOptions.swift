import ArgumentParser
import Fleet
import OpenSSL

/// How `muster serve` secures its connections.
struct ServeTLSOptions: ParsableArguments {
    @Option(
        name: .customLong("tls-self-made"),
        help: ArgumentHelp(
            """
            Serve over TLS with a self-made authority, which is kept in this folder: ca.pem to trust, server.pem, and \
            client.pem with client.key for clients.
            """, valueName: "folder"))
    var folder: String?

    @Option(
        name: .customLong("tls-host"),
        help: "A name or address that the self-made certificate is for, besides localhost; several may be given.")
    var hosts: [String] = []

    @Option(name: .customLong("tls-cert"), help: "Serve over TLS with the certificate (chain) in this PEM file.")
    var certificate: String?

    @Option(name: .customLong("tls-key"), help: "The PEM file of its key.")
    var key: String?

    @Flag(name: .customLong("mtls"), help: "Require a certificate from every client.")
    var requiresCertificates = false

    @Flag(
        name: .customLong("mtls-optional"), help: "Request a certificate from clients, and accept those that have none."
    )
    var asksForCertificates = false

    @Option(
        name: .customLong("tls-client-ca"),
        help: "A PEM file of authorities to trust for client certificates, besides the self-made one.")
    var clientAuthorities: String?

    @Option(
        name: .customLong("tls-issue-ca"),
        help:
            """
            The PEM file of the authority that issues the certificates that agents request (default: the \
            self-made one).
            """
    )
    var issuer: String?

    @Option(name: .customLong("tls-issue-ca-key"), help: "The PEM file of that authority's key.")
    var issuerKey: String?

    @Option(name: .customLong("tls-crl"), help: "A PEM file with the revocation list for clients' certificates.")
    var revocationList: String?

    @Option(name: .customLong("tls-min-version"), help: "The lowest version of TLS: 1.2 or 1.3.")
    var lowest = "1.2"

    @Option(name: .customLong("tls-max-version"), help: "The highest version of TLS: 1.2 or 1.3.")
    var highest = "1.3"

    @Flag(
        name: .customLong("tls-no-resumption"), help: "Issue no session tickets: a full handshake for every connection."
    )
    var neverResumes = false

    @Flag(name: .customLong("tls-staple-status"), help: "Staple an OCSP status to the self-made certificate.")
    var staples = false

    /// What the options come to; `nil`: plaintext.
    /// - Parameter address: where the server listens.
    func security(address: String) throws -> EmbeddedSecurity? {
        guard folder != nil || certificate != nil else {
            if key != nil || requiresCertificates || asksForCertificates || clientAuthorities != nil {
                throw Failure(
                    .badUsage, "this needs TLS: give --tls-self-made FOLDER, or --tls-cert FILE and --tls-key FILE")
            }
            return nil
        }
        var tls = ServerTLS.standard
        tls.folder = folder
        tls.hosts = hosts + [address]
        tls.identity = try pair(certificate, key, "--tls-cert", "--tls-key")
        tls.authority = try pair(issuer, issuerKey, "--tls-issue-ca", "--tls-issue-ca-key")
        if requiresCertificates || asksForCertificates, folder == nil, tls.authority == nil, clientAuthorities == nil {
            throw Failure(
                .badUsage, "--mtls: name the authority of the clients' certificates with --tls-client-ca FILE")
        }
        tls.clientCertificates = requiresCertificates ? .require : asksForCertificates ? .request : .none
        tls.clientAuthorities = clientAuthorities
        tls.revocationList = revocationList
        tls.lowestVersion = try version("--tls-min-version", lowest)
        tls.highestVersion = try version("--tls-max-version", highest)
        if tls.lowestVersion == .tls13, tls.highestVersion == .tls12 {
            throw Failure(.badUsage, "--tls-max-version: it is below --tls-min-version; no version of TLS is left")
        }
        tls.resumes = !neverResumes
        tls.staplesStatus = staples
        do throws(SecurityError) {
            return try EmbeddedSecurity(tls)
        } catch {
            throw Failure(.badUsage, "\(error)")
        }
    }

    private func pair(_ certificate: String?, _ key: String?, _ first: String, _ second: String) throws -> KeyPairFiles?
    {
        switch (certificate, key) {
        case (let certificate?, let key?): return KeyPairFiles(certificate: certificate, key: key)
        case (nil, nil): return nil
        case (_?, nil): throw Failure(.badUsage, "\(first): it needs \(second) beside it")
        case (nil, _?): throw Failure(.badUsage, "\(second): it needs \(first) beside it")
        }
    }

    private func version(_ option: String, _ text: String) throws -> TLSVersionWord {
        guard let version = TLSVersionWord(rawValue: text) else {
            throw Failure(.badUsage, "\(option): found '\(text)', wanted 1.2 or 1.3")
        }
        return version
    }
}
