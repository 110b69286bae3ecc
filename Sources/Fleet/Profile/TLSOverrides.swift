import Basis
import Foundation

/// What the command line changes of how the fleet's connections are secured. Nil and false leave the profile's value. Paths count
/// from the working directory.
public struct TLSOverrides: Hashable, Sendable {
    public var authorities: String?
    public var trustsSystem: Bool?
    public var pinnedKeys: [String] = []
    public var serverName: String?
    public var skipsHost = false
    public var lowestVersion: String?
    public var highestVersion: String?
    public var revocationList: String?
    public var requiresStapledStatus = false
    public var skipsVerification = false
    public var neverResumes = false
    /// The client certificate of every cohort, and its key.
    public var certificate: String?
    public var key: String?
    /// The authority that issues a certificate for each agent, and its key.
    public var issuer: String?
    public var issuerKey: String?

    public init() {}
}

extension Profile {
    mutating func take(_ overrides: TLSOverrides, _ problems: ProblemList) {
        var tls = self.tls ?? TLSProfile()
        if let path = overrides.authorities { tls.authorities = Self.fullPath(path) }
        if let trusts = overrides.trustsSystem { tls.trustsSystem = trusts }
        if !overrides.pinnedKeys.isEmpty {
            tls.pinnedKeys = overrides.pinnedKeys.compactMap { pin in
                if let digest = PinText.digest(pin) { return digest }
                problems.add(
                    .badValue(found: pin, wanted: PinText.wanted, suggestion: nil), path: "--tls-pin", place: nil)
                return nil
            }
        }
        if let name = overrides.serverName { tls.serverName = name }
        if overrides.skipsHost { tls.verifiesHost = false }
        if let version = Self.version(overrides.lowestVersion, "--tls-min-version", problems) {
            tls.lowestVersion = version
        }
        if let version = Self.version(overrides.highestVersion, "--tls-max-version", problems) {
            tls.highestVersion = version
        }
        if tls.lowestVersion == .tls13, tls.highestVersion == .tls12 {
            problems.add(
                .contradiction("it is below the lowest version; no version of TLS is left"), path: "--tls-max-version",
                place: nil)
        }
        if let path = overrides.revocationList { tls.revocationList = Self.fullPath(path) }
        if overrides.requiresStapledStatus { tls.requiresStapledStatus = true }
        if overrides.skipsVerification { tls.skipsVerification = true }
        if overrides.neverResumes { tls.resumes = false }
        if tls != TLSProfile() || self.tls != nil { self.tls = tls }
        takeCertificates(overrides, problems)
    }

    private mutating func takeCertificates(_ overrides: TLSOverrides, _ problems: ProblemList) {
        func pair(_ certificate: String?, _ key: String?, _ options: (String, String)) -> KeyPairFiles? {
            switch (certificate, key) {
            case (let certificate?, let key?):
                return KeyPairFiles(certificate: Self.fullPath(certificate), key: Self.fullPath(key))
            case (nil, nil): return nil
            case (_?, nil), (nil, _?):
                let (given, missing) = certificate == nil ? (options.1, options.0) : options
                problems.add(.contradiction("it needs \(missing) beside it"), path: given, place: nil)
                return nil
            }
        }
        let files = pair(overrides.certificate, overrides.key, ("--tls-cert", "--tls-key"))
        let issuer = pair(overrides.issuer, overrides.issuerKey, ("--tls-issue-ca", "--tls-issue-ca-key"))
        if files != nil, issuer != nil {
            problems.add(
                .contradiction("agents have one certificate among them or each its own; leave one of the two out"),
                path: "--tls-cert", place: nil)
        }
        for index in cohorts.indices {
            if let files { cohorts[index].clientCertificate = .files(files) }
            if let issuer {
                var issued = IssuedClientCertificate()
                if case .issued(let former) = cohorts[index].clientCertificate { issued = former }
                issued.authority = issuer
                cohorts[index].clientCertificate = .issued(issued)
            }
        }
    }

    private static func version(_ text: String?, _ option: String, _ problems: ProblemList) -> TLSVersionWord? {
        guard let text else { return nil }
        if let version = TLSVersionWord(rawValue: text) { return version }
        problems.add(.badValue(found: text, wanted: "1.2 or 1.3", suggestion: nil), path: option, place: nil)
        return nil
    }

    static func fullPath(_ path: String) -> String {
        URL(fileURLWithPath: path).standardizedFileURL.path
    }
}
