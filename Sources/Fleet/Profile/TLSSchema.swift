import AgentModel
import Basis
public import Schema

extension Kind<String> {
    /// A file or folder of the run's machine by its full path; one that is not full counts from the profile's folder.
    fileprivate static var fullPath: Kind {
        .path.reading { spot, path in
            if path.hasPrefix("/") { return path }
            spot.report(
                .contradiction("files are named by their full paths where the profile is not a file itself"))
            return nil
        }
    }
}

extension TLSProfile: Settings {
    public static let standard = TLSProfile()

    public static let schema = Schema<TLSProfile>(
        "tls",
        "TLS of the fleet: versions, trust, certificates. Files are PEM and are read at the start of the run.",
        [
            Key("ca", \.authorities, .optional(.fullPath), "The authorities to trust.", option: "--tls-ca"),
            Key(
                "system_ca", \.trustsSystem, .optional(.boolean),
                "Whether this machine's authorities are trusted; by default if no others are given.",
                option: "--tls-system-ca"),
            Key(
                "pins", \.pinnedKeys, .list("digests", 0...100, of: PinText.kind),
                "The server's key must be one of these; without `ca` the rest of its chain is not verified.",
                omitsDefault: true),
            Key(
                "server_name", \.serverName, .optional(.text(1...253)),
                "The name to ask for (SNI) and to find in the certificate; by default the address's.",
                option: "--tls-server-name"),
            Key(
                "verify_host", \.verifiesHost, .boolean, "Whether the certificate must have that name.",
                option: "--tls-no-host-check"),
            Key("min_version", \.lowestVersion, .version, "The lowest version of TLS.", option: "--tls-min-version"),
            Key("max_version", \.highestVersion, .version, "The highest version of TLS.", option: "--tls-max-version"),
            Key(
                "crl", \.revocationList, .optional(.fullPath),
                "The revocation list of the server's authority; once given, it has to be valid.", option: "--tls-crl"),
            Key(
                "require_stapled_status", \.requiresStapledStatus, .boolean,
                "Whether the server has to staple a good OCSP status.", option: "--tls-require-stapled-status"),
            Key(
                "insecure_skip_verify", \.skipsVerification, .boolean, "Nothing is verified; the run warns about it.",
                option: "--insecure-skip-verify"),
            Key(
                "resumption", \.resumes, .boolean, "Whether an agent that reconnects resumes its session.",
                option: "--tls-no-resumption"),
            Key(
                "handshakes", \.handshakes, .integer(1...1_000_000),
                "Handshakes under way at once; more wait, connected, so that not all of a jam need their memory."),
        ],
        rules: [Rule { TLSRules.judgeVersions($0.lowestVersion, $0.highestVersion, $1) }])
}

extension Kind<TLSVersionWord> {
    /// In quotes: YAML would read a number.
    fileprivate static var version: Kind { .word.quoted }
}

/// A pinned key as it is written: the SHA-256 digest in 64 hexadecimal digits, with or without colons.
enum PinText {
    private static let wanted =
        "the SHA-256 digest of the server's key in 64 hexadecimal digits (openssl x509 -pubkey -noout -in server.pem | "
        + "openssl pkey -pubin -outform der | sha256sum)"

    /// The digits alone, in lower case.
    static let kind = Kind<String>.scalar(
        "SHA-256 digest, hexadecimal", wanted: wanted, example: "\"\(String(repeating: "0", count: 64))\"",
        quotes: true,
        sample: { random in (0..<64).map { _ in String(random.index(below: 16), radix: 16) }.joined() },
        format: { $0 }
    ) { text, _ throws(Problem.Kind) in
        let digits = text.lowercased().filter { $0 != ":" }
        guard digits.utf8.count == 64, digits.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
        else { throw .badValue(found: text, wanted: wanted) }
        return digits
    }

    /// The 32 bytes of a digest.
    static func bytes(_ digest: String) -> [UInt8] {
        stride(from: 0, to: digest.utf8.count - 1, by: 2).compactMap { offset in
            UInt8(digest.dropFirst(offset).prefix(2), radix: 16)
        }
    }
}

extension KeyPairFiles: Settings {
    public static let standard = KeyPairFiles(certificate: "", key: "")

    /// A certificate to show.
    public static let schema = Schema<KeyPairFiles>(
        "certificate files", "A certificate and its key.",
        [
            Key("certificate", \.certificate, .fullPath, "The certificate, with its chain.", required: true),
            Key("key", \.key, .fullPath, "Its key.", required: true),
        ])
}

/// A certificate and its key among other keys: both, or none. Half a pair is refused when the section is read.
struct OptionalKeyPair: Hashable, Sendable {
    var files: KeyPairFiles?

    private subscript(half path: WritableKeyPath<KeyPairFiles, String>) -> String? {
        get { files.map { $0[keyPath: path] }.flatMap { $0.isEmpty ? nil : $0 } }
        set {
            var pair = files ?? .standard
            pair[keyPath: path] = newValue ?? ""
            files = pair == .standard ? nil : pair
        }
    }

    var certificate: String? {
        get { self[half: \.certificate] }
        set { self[half: \.certificate] = newValue }
    }

    var key: String? {
        get { self[half: \.key] }
        set { self[half: \.key] = newValue }
    }

    fileprivate func judge<Part: Settings>(_ certificate: String, _ key: String, _ check: Check<Part>) {
        guard let files, files.certificate.isEmpty || files.key.isEmpty else { return }
        let missing = files.key.isEmpty ? key : certificate
        check.contradiction(at: missing, "the key '\(missing)' is missing")
    }
}

/// `certificate` and `key` among other keys.
struct IdentityFiles: Settings {
    var pair = OptionalKeyPair()

    static let standard = IdentityFiles()
    static let schema = Schema<IdentityFiles>(
        "identity", "A certificate and its key.",
        [
            Key("certificate", \.pair.certificate, .optional(.fullPath), "The server's; by default self-made."),
            Key("key", \.pair.key, .optional(.fullPath), "Its key."),
        ],
        rules: [Rule { $0.pair.judge("certificate", "key", $1) }])
}

/// `ca` and `ca_key` among other keys.
struct AuthorityFiles: Settings {
    var pair = OptionalKeyPair()

    static let standard = AuthorityFiles()
    static let schema = Schema<AuthorityFiles>(
        "authority", "An authority that issues certificates.",
        [
            Key(
                "ca", \.pair.certificate, .optional(.fullPath),
                "The authority that issues certificates for agents; by default the embedded server's self-made one."),
            Key("ca_key", \.pair.key, .optional(.fullPath), "Its key."),
        ],
        rules: [Rule { $0.pair.judge("ca", "ca_key", $1) }])
}

extension ClientCertificate {
    static let kind = Kind<ClientCertificate>.oneOf(
        wanted: "none, {per: agent}, {per: cohort} or {certificate: file, key: file}"
    ) { forms in
        let none = forms.word("none", .none, "Nothing.")
        let files = forms.keys("certificate", "The same for all agents of the cohort.", ClientCertificate.files)
        let issued = forms.keys("per", "Issued by an authority.", ClientCertificate.issued)
        return { value in
            switch value {
            case .none: none
            case .files(let pair): files(pair)
            case .issued(let certificate): issued(certificate)
            }
        }
    }
}

extension IssuedClientCertificate: Settings {
    public static let standard = IssuedClientCertificate()

    public static let schema = Schema<IssuedClientCertificate>(
        "issued certificate", "A client certificate that an authority issues when agents first need it.",
        [
            Key("per", \.sharing, .word { $0.sentence }, "One for each agent or one for the cohort.", required: true),
            .including(\.authorityFiles),
            Key(
                "keys", \.keys, .integer(1...1_024),
                "The number of keys for the agents' certificates, used in turn: making a key is slow."
            ),
            Key("lifetime", \.lifetime, .certificateLifetime, "How long they are valid."),
        ])

    var authorityFiles: AuthorityFiles {
        get { AuthorityFiles(pair: OptionalKeyPair(files: authority)) }
        set { authority = newValue.pair.files }
    }
}

extension IssuedClientCertificate.Sharing {
    fileprivate var sentence: String {
        switch self {
        case .agent: "One for each agent, issued when it first connects; its name is `<cohort>-<number>`."
        case .cohort: "One for the cohort, issued at the start of the run."
        }
    }
}

extension Kind<Nanoseconds> {
    /// A certificate's times are in whole seconds.
    static var certificateLifetime: Kind { .wholeSeconds(.seconds(1) ... .days(3_650)) }
}

extension ServerTLS: Settings {
    public static let standard = ServerTLS()

    private static let host = Kind<String>.text(1...253).reading { spot, host in
        if !host.contains(",") { return host }
        spot.report(.badValue(found: host, wanted: "a name or an address such as opamp.example.com or 10.0.0.7"))
        return nil
    } mend: {
        $0.replacing(",", with: "")
    }

    public static let schema = Schema<ServerTLS>(
        "server.tls", "TLS of the embedded server. `{}` generates all keys and certificates.",
        [
            .including(\.identityFiles),
            .including(\.authorityFiles),
            Key(
                "client_certificates", \.clientCertificates, .word { $0.sentence },
                "Whether clients need a certificate."),
            Key(
                "client_ca", \.clientAuthorities, .optional(.fullPath),
                "Further authorities for clients' certificates."),
            Key("crl", \.revocationList, .optional(.fullPath), "The revocation list for clients' certificates."),
            Key(
                "folder", \.folder, .optional(.fullPath),
                "Where the self-made authority is kept and used again, as by `muster serve --tls-self-made`."),
            Key(
                "hosts", \.hosts, .list("names or addresses", 0...100, of: host),
                "The names of the self-made certificate besides `localhost`, 127.0.0.1 and ::1.", omitsDefault: true),
            Key("min_version", \.lowestVersion, .version, "The lowest version of TLS."),
            Key("max_version", \.highestVersion, .version, "The highest version of TLS."),
            Key("resumption", \.resumes, .boolean, "Whether clients may resume their sessions."),
            Key("staple_status", \.staplesStatus, .boolean, "Whether the self-made certificate has a stapled status."),
            Key("lifetime", \.lifetime, .certificateLifetime, "How long the certificates it issues are valid."),
        ],
        rules: [Rule { TLSRules.judgeVersions($0.lowestVersion, $0.highestVersion, $1) }])

    var identityFiles: IdentityFiles {
        get { IdentityFiles(pair: OptionalKeyPair(files: identity)) }
        set { identity = newValue.pair.files }
    }

    var authorityFiles: AuthorityFiles {
        get { AuthorityFiles(pair: OptionalKeyPair(files: authority)) }
        set { authority = newValue.pair.files }
    }
}

extension ServerTLS.ClientCertificates {
    fileprivate var sentence: String {
        switch self {
        case .none: "No certificate is requested."
        case .request: "A certificate is requested; clients without one are accepted too."
        case .require: "A certificate is required."
        }
    }
}

/// What has to hold between what a profile says about certificates and the rest of it.
enum TLSRules {
    static let rules: [Rule<Profile>] = [
        Rule { profile, check in
            let url: ServerURL? = if case .url(let url) = profile.server { url } else { nil }
            // Files may come over TLS where OpAMP does not.
            if let url, !url.isSecure, profile.tls != nil, !profile.cohorts.contains(where: \.fetchesFiles) {
                let secure = url.isWebSocket ? "wss" : "https"
                check.contradiction(
                    \.tls,
                    "\(url.scheme.rawValue):// is not secured, so this would do nothing; write \(secure)://, "
                        + "`packages: {download: real}` for files over TLS, or remove it")
            }
            if let tls = profile.tls, tls.skipsVerification, tls.authorities != nil || !tls.pinnedKeys.isEmpty {
                check.contradiction(
                    at: "tls.insecure_skip_verify",
                    "nothing is verified then, so nothing can be given to trust; remove one of the two")
            }
        },
        Rule { profile, check in
            let url: ServerURL? = if case .url(let url) = profile.server { url } else { nil }
            let isSecure = url?.isSecure ?? (profile.serverTLS != nil)
            for (cohort, check) in check.each(\.cohorts, in: profile) {
                if cohort.clientCertificate != .none, !isSecure, !cohort.fetchesFiles {
                    check.contradiction(
                        \.clientCertificate,
                        "a certificate is only shown over TLS; write wss:// or https://, or `tls: {}` for the "
                            + "embedded server"
                    )
                }
                if cohort.connectionSettings.certificateRequest, !cohort.connectionSettings.opamp {
                    check.contradiction(
                        \.connectionSettings.certificateRequest,
                        "the certificate comes as an offer of connection settings, which the cohort does not accept; "
                            + "add `opamp: true`")
                }
                if case .issued(let issued) = cohort.clientCertificate, issued.authority == nil, url != nil {
                    check.contradiction(
                        \.clientCertificate,
                        "only the embedded server has an authority of its own; name one with `ca` and `ca_key`")
                }
            }
        },
    ]

    fileprivate static func judgeVersions<Part: Settings>(
        _ lowest: TLSVersionWord, _ highest: TLSVersionWord, _ check: Check<Part>
    ) {
        guard lowest == .tls13, highest == .tls12 else { return }
        check.contradiction(at: "min_version", "min_version is above max_version; no version of TLS is left")
    }
}

extension CohortProfile {
    /// Whether its agents really fetch package files.
    var fetchesFiles: Bool { packages.accepted && packages.plan.fetch != nil }
}
