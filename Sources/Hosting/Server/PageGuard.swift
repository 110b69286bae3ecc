public import Engine
import Transport

/// Who may see and steer a run by its page. A value; looks at the head of a request only.
///
/// On the loopback interface every process of the machine may; a page of another site that a browser of this machine
/// shows may not: such a request has another host (a name that was bound to this address), another origin, or lacks a
/// field that only the run's own page adds and that browsers do not send to other sites without asking first.
/// Elsewhere a token is needed, which is in no URL that is sent.
public struct PageGuard: Sendable {
    /// Why a request is refused.
    public enum Refusal: Hashable, Sendable {
        /// The token is missing or wrong: 401.
        case unauthorized
        /// It comes from another site: 403.
        case foreign

        /// The status of the answer.
        public var status: UInt16 {
            switch self {
            case .unauthorized: 401
            case .foreign: 403
            }
        }
    }

    /// The field that commands have to have.
    public static let commandField = "X-Muster-Command"

    /// What those who ask have to know; nil: nothing.
    public let token: String?

    /// - Parameter address: where the page is served; anywhere but on the loopback interface a token is made.
    public init(for address: SocketAddress) {
        token = address.isLoopback ? nil : Self.makeToken()
    }

    /// With a token of one's own, or with none.
    public init(token: String?) { self.token = token }

    /// 128 bits of the system's randomness.
    private static func makeToken() -> String {
        var random = SystemRandomNumberGenerator()
        return (0..<2).map { _ in
            let digits = String(random.next() as UInt64, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    /// Whether the frame of the page may be shown, which has no figures.
    public func refusalOfFrame(_ request: ScrapeServer.Request) -> Refusal? {
        token == nil && !isHere(request) ? .foreign : nil
    }

    /// Whether the figures may be shown.
    public func refusalOfFigures(_ request: ScrapeServer.Request) -> Refusal? {
        guard let token else { return isHere(request) ? nil : .foreign }
        let given = request.fields["Authorization"] ?? ""
        return Self.areEqual(given, "Bearer \(token)") ? nil : .unauthorized
    }

    /// Whether a command may be carried out.
    public func refusalOfCommand(_ request: ScrapeServer.Request) -> Refusal? {
        if let refusal = refusalOfFigures(request) { return refusal }
        guard request.fields[Self.commandField] != nil else { return .foreign }
        if let site = request.fields["Sec-Fetch-Site"], site != "same-origin" { return .foreign }
        if let origin = request.fields["Origin"] {
            guard let host = request.fields["Host"], origin.lowercased() == "http://\(host.lowercased())" else {
                return .foreign
            }
        }
        return nil
    }

    /// Whether the request names this machine, and not a name that somebody else has bound to its address.
    private func isHere(_ request: ScrapeServer.Request) -> Bool {
        guard let host = request.fields["Host"]?.lowercased() else { return false }
        if host == "localhost" || host.hasPrefix("localhost:") { return true }
        let literal = SocketAddress(host) ?? SocketAddress(host: host, port: 80)
        return literal?.isLoopback ?? false
    }

    /// In a time that does not depend on where they differ.
    private static func areEqual(_ one: String, _ other: String) -> Bool {
        let (left, right) = (Array(one.utf8), Array(other.utf8))
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
