import AgentModel

/// What has to hold between what a profile says of certificates and the rest of it.
enum TLSRules {
    /// Everything in which it contradicts itself; the errors carry no places.
    static func contradictions(in profile: Profile) -> [ProfileError] {
        var found: [ProfileError] = []
        func complain(_ path: String, _ what: String) { found.append(ProfileError(.contradiction(what), path: path)) }

        let url: ServerURL? = if case .url(let url) = profile.server { url } else { nil }
        let isSecure = url?.isSecure ?? (profile.serverTLS != nil)
        // Files may come over TLS where OpAMP does not.
        if let url, !url.isSecure, profile.tls != nil, !profile.cohorts.contains(where: \.fetchesFiles) {
            let secure = url.isWebSocket ? "wss" : "https"
            complain(
                "tls",
                "\(url.scheme.rawValue):// is not secured, so this would do nothing; write \(secure)://, `packages: {download: real}` for files over TLS, or take it out"
            )
        }
        if let tls = profile.tls, tls.skipsVerification, tls.authorities != nil || !tls.pinnedKeys.isEmpty {
            complain(
                "tls.insecure_skip_verify",
                "nothing is verified then, so nothing to trust by can be given; take one out")
        }
        for (index, cohort) in profile.cohorts.enumerated() {
            let path = "cohorts[\(index)].client_certificate"
            if cohort.clientCertificate != .none, !isSecure, !cohort.fetchesFiles {
                complain(
                    path,
                    "a certificate is only shown over TLS; write wss:// or https://, or `tls: {}` for the embedded server"
                )
            }
            if cohort.connectionSettings.certificateRequest, !cohort.connectionSettings.opamp {
                complain(
                    "cohorts[\(index)].connection_settings.certificate_request",
                    "the certificate comes as an offer of connection settings, which the cohort does not accept; add `opamp: true`"
                )
            }
            if case .issued(let issued) = cohort.clientCertificate, issued.authority == nil, url != nil {
                complain(path, "only the embedded server has an authority of its own; name one with `ca` and `ca_key`")
            }
        }
        return found
    }
}

extension CohortProfile {
    /// Whether its agents really fetch package files.
    var fetchesFiles: Bool { packages.accepted && packages.plan.fetch != nil }
}
