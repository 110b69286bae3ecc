public import Basis
import CLinux
import Dispatch
import Synchronization

/// Resolves names with the system's resolver, off the shards, once per host for all agents.
///
/// Answers are kept for the resolver's life, so that a whole run uses the same addresses. Failures are kept for
/// `failureLife`, so that a fleet with a wrong name queries the system a few times a minute, not thousands of times.
public final class HostResolver: Sendable {
    /// The process's own.
    public static let shared = HostResolver()

    /// How long a failure is reused for further requests.
    public static let failureLife = Nanoseconds.seconds(5)
    /// The limit of cached hosts; above it, names are resolved but not cached.
    public static let hostLimit = 4096
    /// The limit of addresses of one host.
    static let addressLimit = 32

    typealias Outcome = Result<[SocketAddress], ResolveError>
    typealias Waiter = @Sendable (Outcome) -> Void

    private enum Entry {
        case asking([Waiter])
        case known([SocketAddress])
        case failed(ResolveError, until: Instant)
    }

    private let entries = Mutex<[String: Entry]>([:])
    private let queue = DispatchQueue(label: "muster.resolver", attributes: .concurrent)
    private let lookUp: @Sendable (String) -> Outcome
    private let clock: @Sendable () -> Instant

    /// A resolver with nothing cached.
    public convenience init() {
        self.init(lookUp: Self.askSystem, clock: { Shard.clock })
    }

    init(lookUp: @escaping @Sendable (String) -> Outcome, clock: @escaping @Sendable () -> Instant) {
        self.lookUp = lookUp
        self.clock = clock
    }

    /// The addresses of `host`, in the system's order of preference, each with `port`. Literals are answered at once.
    public func resolve(_ host: String, port: UInt16) async throws(ResolveError) -> [SocketAddress] {
        let outcome = await withCheckedContinuation { continuation in
            ask(host) { continuation.resume(returning: $0) }
        }
        return try outcome.get().map { $0.with(port: port) }
    }

    /// As `resolve(_:port:)`; `then` runs on `shard`.
    public func resolve(
        _ host: String, port: UInt16, on shard: Shard,
        then: @escaping @Sendable (Result<[SocketAddress], ResolveError>) -> Void
    ) {
        ask(host) { outcome in
            shard.perform { then(outcome.map { $0.map { $0.with(port: port) } }) }
        }
    }

    private func ask(_ host: String, _ waiter: @escaping Waiter) {
        if let literal = SocketAddress(host: host, port: 0) {
            waiter(.success([literal]))
            return
        }
        let (answer, mustLookUp): (Outcome?, Bool) = entries.withLock { entries in
            switch entries[host] {
            case .known(let addresses):
                return (.success(addresses), false)
            case .failed(let error, let until) where clock() < until:
                return (.failure(error), false)
            case .asking(let waiters):
                entries[host] = .asking(waiters + [waiter])
                return (nil, false)
            case .failed, nil:
                entries[host] = .asking([waiter])
                return (nil, true)
            }
        }
        if let answer { waiter(answer) }
        guard mustLookUp else { return }
        queue.async { self.finish(host, self.lookUp(host)) }
    }

    private func finish(_ host: String, _ outcome: Outcome) {
        let waiters = entries.withLock { entries -> [Waiter] in
            guard case .asking(let waiters) = entries[host] else { return [] }
            if entries.count > Self.hostLimit {
                entries[host] = nil
            } else {
                switch outcome {
                case .success(let addresses): entries[host] = .known(addresses)
                case .failure(let error): entries[host] = .failed(error, until: clock() + Self.failureLife)
                }
            }
            return waiters
        }
        for waiter in waiters { waiter(outcome) }
    }

    private static func askSystem(_ host: String) -> Outcome {
        var found = [CLinuxAddress](repeating: CLinuxAddress(), count: addressLimit)
        let count = clinux_resolve(host, &found, Int32(addressLimit))
        if count > 0 { return .success(found.prefix(Int(count)).map { SocketAddress($0) }) }
        switch count {
        case 0, CLinuxResolveNoName, CLinuxResolveNoAddress: return .failure(.unknownHost(host))
        case CLinuxResolveTryAgain: return .failure(.resolverUnavailable(host))
        default: return .failure(.failed(host, reason: String(cString: clinux_resolve_error(count))))
        }
    }
}

/// A host name could not be turned into an address.
public enum ResolveError: Error, Hashable, Sendable, CustomStringConvertible {
    /// No such name: most likely a slip in the URL.
    case unknownHost(String)
    /// The name servers did not answer; may pass.
    case resolverUnavailable(String)
    /// Any other error of the system's resolver.
    case failed(String, reason: String)

    public var description: String {
        switch self {
        case .unknownHost(let host): "no address for host \"\(host)\": check the name"
        case .resolverUnavailable(let host): "the name servers did not answer for host \"\(host)\": try again later"
        case .failed(let host, let reason): "cannot resolve host \"\(host)\": \(reason)"
        }
    }
}
