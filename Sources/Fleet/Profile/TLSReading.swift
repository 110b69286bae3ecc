import Basis
import Foundation

/// Reads `tls`, `client_certificate` and `server.embedded.tls`. Files are only named here: they are read when a run begins.
struct TLSReading {
    /// The folder that files are looked for in; nil where only full paths can be named.
    let folder: String?

    func fleet(_ profile: Section) -> TLSProfile? {
        guard let section = profile.section("tls") else { return nil }
        defer { section.finish() }
        var tls = TLSProfile()
        tls.authorities = path("ca", section)
        tls.trustsSystem = section.value("system_ca").map { _ in section.boolean("system_ca", or: true) }
        tls.pinnedKeys = pins(section)
        tls.serverName = section.value("server_name").map { _ in
            section.text("server_name", bytes: ProfileBounds.hostBytes, or: "")
        }
        tls.verifiesHost = section.boolean("verify_host", or: tls.verifiesHost)
        (tls.lowestVersion, tls.highestVersion) = versions(section)
        tls.revocationList = path("crl", section)
        tls.requiresStapledStatus = section.boolean("require_stapled_status", or: tls.requiresStapledStatus)
        tls.skipsVerification = section.boolean("insecure_skip_verify", or: tls.skipsVerification)
        tls.resumes = section.boolean("resumption", or: tls.resumes)
        return tls
    }

    func server(_ embedded: Section) -> ServerTLS? {
        guard let section = embedded.section("tls") else { return nil }
        defer { section.finish() }
        var tls = ServerTLS()
        tls.identity = pair("certificate", "key", section)
        tls.authority = pair("ca", "ca_key", section)
        tls.clientCertificates = section.word("client_certificates", or: tls.clientCertificates)
        tls.clientAuthorities = path("client_ca", section)
        tls.revocationList = path("crl", section)
        tls.folder = path("folder", section)
        tls.hosts = section.texts("hosts", ProfileBounds.hosts, of: "names or addresses") ?? []
        for host in tls.hosts where host.contains(",") || !ProfileBounds.hostBytes.contains(host.utf8.count) {
            let wanted = "a name or an address such as opamp.example.com or 10.0.0.7"
            section.complain(.badValue(found: host, wanted: wanted, suggestion: nil), "hosts", section.value("hosts"))
        }
        (tls.lowestVersion, tls.highestVersion) = versions(section)
        tls.resumes = section.boolean("resumption", or: tls.resumes)
        tls.staplesStatus = section.boolean("staple_status", or: tls.staplesStatus)
        tls.lifetime = lifetime(section, or: tls.lifetime)
        return tls
    }

    /// `none`, `{certificate: …, key: …}` or `{per: agent, …}`.
    func client(_ cohort: Section, or standard: ClientCertificate) -> ClientCertificate {
        guard let tree = cohort.value("client_certificate") else { return standard }
        if case .scalar(let text, _) = tree.shape {
            if text == "none" { return .none }
            let wanted = "none, {per: agent}, {per: cohort} or {certificate: file, key: file}"
            cohort.complain(
                .badValue(found: text, wanted: wanted, suggestion: nil), "client_certificate", tree)
            return standard
        }
        let section = Section(tree, path: cohort.path(of: "client_certificate"), problems: cohort.problems)
        defer { section.finish() }
        if let files = pair("certificate", "key", section) {
            return .files(files)
        }
        var issued = IssuedClientCertificate()
        if section.value("per") == nil, case .mapping = tree.shape, section.value("certificate") == nil {
            section.complain(.missingKey("per"), "per", nil)
        }
        issued.sharing = section.word("per", or: issued.sharing)
        issued.authority = pair("ca", "ca_key", section)
        issued.keys = section.integer("keys", in: ProfileBounds.certificateKeys, or: issued.keys)
        issued.lifetime = lifetime(section, or: issued.lifetime)
        return .issued(issued)
    }

    private func lifetime(_ section: Section, or standard: Nanoseconds) -> Nanoseconds {
        guard section.value("lifetime") != nil else { return standard }
        return section.wholeSeconds("lifetime", in: ProfileBounds.certificateLifetime) ?? standard
    }

    private func versions(_ section: Section) -> (TLSVersionWord, TLSVersionWord) {
        let lowest = section.word("min_version", or: TLSVersionWord.tls12)
        let highest = section.word("max_version", or: TLSVersionWord.tls13)
        if lowest == .tls13, highest == .tls12 {
            let what = "min_version is above max_version; no version of TLS is left"
            section.complain(.contradiction(what), "min_version", section.value("min_version"))
        }
        return (lowest, highest)
    }

    private func pins(_ section: Section) -> [String] {
        let pins = section.texts("pins", ProfileBounds.pins, of: "digests") ?? []
        return pins.compactMap { pin in
            if let digest = PinText.digest(pin) { return digest }
            section.complain(
                .badValue(found: pin, wanted: PinText.wanted, suggestion: nil), "pins", section.value("pins"))
            return nil
        }
    }

    /// Both files of a certificate, or none.
    private func pair(_ certificate: String, _ key: String, _ section: Section) -> KeyPairFiles? {
        switch (path(certificate, section), path(key, section)) {
        case (let certificate?, let key?): return KeyPairFiles(certificate: certificate, key: key)
        case (nil, nil): return nil
        case (_?, nil):
            if section.value(key) == nil { section.complain(.missingKey(key), key, nil) }
            return nil
        case (nil, _?):
            if section.value(certificate) == nil { section.complain(.missingKey(certificate), certificate, nil) }
            return nil
        }
    }

    /// A file or folder by its full path; one that is not full counts from the profile's folder.
    private func path(_ key: String, _ section: Section) -> String? {
        guard let (text, _, tree) = section.scalar(key, wanted: "the path of a file") else { return nil }
        guard ProfileBounds.pathBytes.contains(text.utf8.count), !text.utf8.contains(0) else {
            let wanted = "the path of a file"
            section.complain(.badValue(found: text, wanted: wanted, suggestion: nil), key, tree)
            return nil
        }
        if text.hasPrefix("/") { return text }
        guard let folder else {
            section.complain(
                .contradiction("files are named by their full paths where the profile is not a file itself"), key, tree)
            return nil
        }
        return URL(fileURLWithPath: text, relativeTo: URL(fileURLWithPath: folder, isDirectory: true))
            .standardizedFileURL.path
    }
}

/// A pinned key as it is written: the SHA-256 digest in 64 hexadecimal digits, with or without colons.
enum PinText {
    static let wanted =
        "the SHA-256 digest of the server's key in 64 hexadecimal digits (openssl x509 -pubkey -noout -in server.pem | "
        + "openssl pkey -pubin -outform der | sha256sum)"

    /// The digits alone, in lower case; nil where the text is no digest.
    static func digest(_ text: String) -> String? {
        let digits = text.lowercased().filter { $0 != ":" }
        let isHex = digits.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
        return digits.utf8.count == 64 && isHex ? digits : nil
    }

    /// The 32 bytes of a digest.
    static func bytes(_ digest: String) -> [UInt8] {
        stride(from: 0, to: digest.utf8.count - 1, by: 2).compactMap { offset in
            UInt8(digest.dropFirst(offset).prefix(2), radix: 16)
        }
    }
}
