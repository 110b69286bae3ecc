/// Why connection settings that a server has offered cannot be used: the server's fault, or a limit of the agents. The
/// raw value is the name under which it is counted.
public enum OfferProblem: String, Error, CaseIterable, Sendable, CustomStringConvertible {
    case endpointInvalid = "endpoint_invalid"
    case nameNotResolved = "name_not_resolved"
    case transportChange = "transport_change"
    case withoutTLS = "endpoint_without_tls"
    case withoutVerification = "verification_disabled"
    case proxyUnusable = "proxy_unusable"
    case tlsVersionUnsupported = "tls_version_unsupported"
    case cipherSuiteUnknown = "cipher_suite_unknown"
    case authoritiesUnusable = "ca_unusable"
    case certificateUnusable = "certificate_unusable"

    /// For the status that the agent reports.
    public var description: String {
        switch self {
        case .endpointInvalid: "the endpoint is not a valid address"
        case .nameNotResolved: "the name of the endpoint or of the proxy cannot be resolved"
        case .transportChange: "the endpoint is of another transport (WebSocket or plain HTTP) than the agent uses"
        case .withoutTLS: "the endpoint is without TLS, and the present connection is over TLS"
        case .withoutVerification: "the settings switch off the verification of the server's certificate"
        case .proxyUnusable: "the proxy is not an HTTP proxy that opens tunnels in plain text"
        case .tlsVersionUnsupported: "the agent speaks TLS 1.2 and 1.3, and the settings have other versions"
        case .cipherSuiteUnknown: "a cipher suite of the settings is unknown"
        case .authoritiesUnusable: "ca_pem_contents holds no certificate that can be used"
        case .certificateUnusable: "the client certificate or its private key cannot be used"
        }
    }
}
