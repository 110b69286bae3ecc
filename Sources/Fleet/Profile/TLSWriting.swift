import Basis

/// TLS in YAML: paths and choices, never what stands in the files.
extension YAMLWriter {
    mutating func write(_ tls: TLSProfile) {
        mapping("tls") { writer in
            if let path = tls.authorities { writer.scalar("ca", .text(path)) }
            if let trusts = tls.trustsSystem { writer.scalar("system_ca", .exact("\(trusts)")) }
            if !tls.pinnedKeys.isEmpty { writer.words("pins", tls.pinnedKeys) }
            if let name = tls.serverName { writer.scalar("server_name", .text(name)) }
            writer.scalar("verify_host", .exact("\(tls.verifiesHost)"))
            writer.versions(tls.lowestVersion, tls.highestVersion)
            if let path = tls.revocationList { writer.scalar("crl", .text(path)) }
            writer.scalar("require_stapled_status", .exact("\(tls.requiresStapledStatus)"))
            writer.scalar("insecure_skip_verify", .exact("\(tls.skipsVerification)"))
            writer.scalar("resumption", .exact("\(tls.resumes)"))
        }
    }

    mutating func write(_ tls: ServerTLS) {
        mapping("tls") { writer in
            writer.pair(tls.identity, "certificate", "key")
            writer.pair(tls.authority, "ca", "ca_key")
            writer.scalar("client_certificates", .exact(tls.clientCertificates.rawValue))
            if let path = tls.clientAuthorities { writer.scalar("client_ca", .text(path)) }
            if let path = tls.revocationList { writer.scalar("crl", .text(path)) }
            if let path = tls.folder { writer.scalar("folder", .text(path)) }
            if !tls.hosts.isEmpty { writer.words("hosts", tls.hosts) }
            writer.versions(tls.lowestVersion, tls.highestVersion)
            writer.scalar("resumption", .exact("\(tls.resumes)"))
            writer.scalar("staple_status", .exact("\(tls.staplesStatus)"))
            writer.duration("lifetime", tls.lifetime)
        }
    }

    mutating func write(_ certificate: ClientCertificate) {
        switch certificate {
        case .none: scalar("client_certificate", .exact("none"))
        case .files(let files): mapping("client_certificate") { $0.pair(files, "certificate", "key") }
        case .issued(let issued):
            mapping("client_certificate") { writer in
                writer.scalar("per", .exact(issued.sharing.rawValue))
                writer.pair(issued.authority, "ca", "ca_key")
                writer.scalar("keys", .exact("\(issued.keys)"))
                writer.duration("lifetime", issued.lifetime)
            }
        }
    }

    private mutating func versions(_ lowest: TLSVersionWord, _ highest: TLSVersionWord) {
        scalar("min_version", .text(lowest.rawValue))
        scalar("max_version", .text(highest.rawValue))
    }

    private mutating func pair(_ files: KeyPairFiles?, _ certificate: String, _ key: String) {
        guard let files else { return }
        scalar(certificate, .text(files.certificate))
        scalar(key, .text(files.key))
    }
}
