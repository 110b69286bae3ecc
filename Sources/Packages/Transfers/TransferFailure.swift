import Transport

/// Why a file could not be fetched, or an attempt at it failed.
public enum TransferFailure: Error, Hashable, Sendable {
    /// The address is no `http` or `https` address.
    case badAddress
    /// The server answered with a status that is no file.
    case refused(status: UInt16)
    /// The proxy that was asked to fetch the file wants other credentials.
    case proxyRefused(status: UInt16)
    /// More redirects, one after the other, than allowed.
    case tooManyRedirects(limit: Int)
    /// A redirect that leads nowhere, or from https to http.
    case badRedirect
    /// The file is larger than allowed.
    case tooLarge(limit: Int)
    /// What came back is no HTTP, or no file of one piece.
    case malformed(String)
    /// The content is encoded although that was not asked for.
    case encoded
    /// The connection ended before the file was complete.
    case broken

    /// Whether another attempt may do better.
    public var isWorthRetrying: Bool {
        switch self {
        case .refused(let status): [408, 425, 429].contains(status) || (500...599).contains(status)
        case .broken, .malformed: true
        case .badAddress, .proxyRefused, .tooManyRedirects, .badRedirect, .tooLarge, .encoded: false
        }
    }

    /// In words, for the status that the agent reports.
    public var words: String {
        switch self {
        case .badAddress: "the file's address is not an http or https address"
        case .refused(401): "the file's server requires credentials that the offer does not contain (401 Unauthorized)"
        case .refused(403): "the file's server does not let the agent have the file (403 Forbidden)"
        case .refused(let status): "the file's server answered \(status) \(HTTPWriter.usualReason(status))"
        case .proxyRefused(let status): "the proxy answered \(status) \(HTTPWriter.usualReason(status))"
        case .tooManyRedirects(let limit): "the file's server redirected more than \(limit) times"
        case .badRedirect: "the file's server redirected to an address that is not followed"
        case .tooLarge(let limit): "the file is larger than the \(limit) bytes allowed"
        case .malformed(let name): "the file's server did not answer in proper HTTP (\(name))"
        case .encoded: "the file has a content coding that was not requested"
        case .broken: "the connection broke before the file was complete"
        }
    }
}
