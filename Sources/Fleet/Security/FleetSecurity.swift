import Basis
import Engine
import Hosting
import OpenSSL

/// How a profile's fleet secures its connections, made ready before the first of them.
struct FleetSecurity: Sendable {
    /// For the profile's target; nil where it is plaintext.
    let target: TargetSecurity?
    /// For connections to other https servers, of packages and of own telemetry; nil: nothing but the system's trust is
    /// asked for.
    let elsewhere: TLSClientContext?
    /// The certificates of the agents; nil: none has any.
    let identities: FleetIdentities?
    /// Where agents ask for certificates of their own.
    let requests: CertificateRequests?
    /// Where offers of connection settings lead.
    let offers: OfferedTargets

    /// - Parameters:
    ///   - url: the server's address; nil for the embedded server.
    ///   - server: how the embedded server secures its side; nil where it does not.
    /// - Throws: `SecurityError` for files that cannot be used.
    init(_ profile: Profile, url: ServerURL?, server: EmbeddedSecurity?) throws(SecurityError) {
        var requests: CertificateRequests?
        if profile.cohorts.contains(where: \.connectionSettings.certificateRequest) {
            requests = try CertificateFiles.usable("the keys of certificate requests", "connection_settings") {
                () throws(TLSError) in try CertificateRequests()
            }
        }
        self.requests = requests
        let settings = profile.cohorts.map(\.connectionSettings)
        offers = OfferedTargets(
            contexts: OfferedContexts(
                profile.tls ?? TLSProfile(),
                allowsSkippedVerification: settings.contains(where: \.allowsUnverifiedOffers)),
            requests: requests, allowsPlaintextEndpoints: settings.contains(where: \.allowsPlaintextOffers))
        let identities = try FleetIdentities(profile, own: server?.security.authority)
        self.identities = identities
        let isSecure = url?.isSecure ?? (server != nil)
        guard isSecure else {
            target = nil
            elsewhere = try profile.tls.map { (tls) throws(SecurityError) in try Self.context(tls, own: nil) }
            return
        }
        let tls = profile.tls ?? TLSProfile()
        let context = try Self.context(tls, own: server?.ownAuthority)
        elsewhere = context
        // The embedded server is reached by its address, for which its certificate is valid.
        let name = tls.serverName ?? url.map(\.host)
        target = TargetSecurity(context: context, serverName: name, identities: identities)
    }

    static func context(_ tls: TLSProfile, own: CertificateAuthority?) throws(SecurityError) -> TLSClientContext {
        var options = TLSClientOptions(trust: try trust(tls, own: own))
        options.verifiesHost = tls.verifiesHost
        options.requiresStapledStatus = tls.requiresStapledStatus
        options.versions = tls.lowestVersion.version...tls.highestVersion.version
        options.resumes = tls.resumes
        return try CertificateFiles.usable("the fleet's trust", "tls") { () throws(TLSError) in
            try TLSClientContext(options)
        }
    }

    /// What the profile gives to trust by; where it gives nothing, the embedded server's own authority, or this
    /// machine's.
    private static func trust(_ tls: TLSProfile, own: CertificateAuthority?) throws(SecurityError) -> TLSTrust {
        if tls.skipsVerification { return .anybody }
        var trust: TLSTrust
        if let path = tls.authorities {
            trust = .authorities(try CertificateFiles.text(of: path, named: "tls.ca"))
        } else if !tls.pinnedKeys.isEmpty {
            trust = .pinnedKeys([])
        } else if let own {
            trust = .authorities(own.chain.map(\.pem).joined())
        } else {
            trust = .system
        }
        trust.pinnedKeys = tls.pinnedKeys.map(PinText.bytes)
        if let isSystem = tls.trustsSystem { trust.usesSystemAuthorities = isSystem }
        if let path = tls.revocationList {
            trust.revocationList = try CertificateFiles.text(of: path, named: "tls.crl")
        }
        return trust
    }
}

extension TLSVersionWord {
    var version: TLSVersion {
        switch self {
        case .tls12: .tls12
        case .tls13: .tls13
        }
    }
}
