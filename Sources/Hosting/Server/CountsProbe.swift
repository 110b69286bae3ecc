public import Basis
import ControlPlane
public import Engine
import Transport

/// Asks a server for its counts over HTTP: one request, one connection. Muster's own server answers; any other has nothing there,
/// and that is an answer too.
public final class CountsProbe: Endpoint, @unchecked Sendable {
    private let host: String
    private let proxy: ProxyRoute?
    /// The proxy's tunnel while it is being opened.
    private var tunnel: ProxyTunnel?
    private var reader = HTTPReader(.responses, limits: CountsProbe.limits)
    private var body: [UInt8] = []
    private var isFine = false
    private var completion: (@Sendable ([UInt8]?) -> Void)?

    /// A proxy has opened its tunnel; TLS may begin in it.
    private var hasTunnel = false
    private var reachedServer: ((CountsProbe) -> Void)?

    private init(
        shard: Shard, host: String, proxy: ProxyRoute?, completion: @escaping @Sendable ([UInt8]?) -> Void
    ) {
        self.host = host
        self.proxy = proxy
        self.completion = completion
        super.init(shard: shard)
    }

    /// The JSON object with the counts, or `nil` where the server has none to give.
    /// - Parameters:
    ///   - proxy: the one to go through, at `address`.
    ///   - identity: the certificate to show where the server asks for one.
    public static func ask(
        _ address: SocketAddress, host: String, through proxy: ProxyRoute? = nil, security: TargetSecurity? = nil,
        identity: PackedIdentity? = nil, on shard: Shard
    ) async -> [UInt8]? {
        await withCheckedContinuation { continuation in
            shard.perform {
                let probe = CountsProbe(shard: shard, host: host, proxy: proxy) { continuation.resume(returning: $0) }
                probe.setTimer(at: shard.now + timeout)
                let secures = { (probe: CountsProbe) in
                    guard let security else { return probe.askServer() }
                    probe.secure(
                        with: security.context, to: address, serverName: security.serverName, identity: identity,
                        resumes: false, timeout: timeout)
                }
                probe.reachedServer = secures
                let isUnderWay =
                    proxy == nil
                    ? probe.connect(
                        to: address, timeout: timeout, tls: security?.context, serverName: security?.serverName,
                        identity: identity, resumes: false)
                    : probe.connect(to: address, timeout: timeout)
                if !isUnderWay {
                    probe.finish(nil)
                }
            }
        }
    }

    public override func connected() {
        guard let proxy, !hasTunnel else { return askServer() }
        let tunnel = ProxyTunnel()
        var request: [UInt8] = []
        tunnel.appendRequest(authority: host, fields: proxy.fields, to: &request)
        self.tunnel = tunnel
        write(request.span.bytes)
    }

    private func askServer() {
        var request: [UInt8] = []
        HTTPWriter.appendRequest(
            .get, target: ServerHost.countsPath, host: host, fields: HTTPFields(), contentLength: nil, to: &request)
        reader.expectResponse(to: .get)
        write(request.span.bytes)
    }

    public override func received(_ bytes: RawSpan) {
        var offset = 0
        if var tunnel {
            do throws(ProxyError) {
                let isOpen = try tunnel.next(bytes, at: &offset)
                self.tunnel = isOpen ? nil : tunnel
                if isOpen {
                    hasTunnel = true
                    reachedServer?(self)
                }
            } catch {
                finish(nil)
            }
            return
        }
        do throws(HTTPError) {
            while completion != nil, let event = try reader.next(bytes, at: &offset) {
                switch event {
                case .response(let head):
                    isFine = head.status == 200 && head.fields["Content-Type"] == "application/json"
                case .body(let range):
                    body.append(bytes.extracting(range))
                case .end:
                    finish(isFine ? body : nil)
                case .informational, .request:
                    break
                }
            }
        } catch {
            finish(nil)
        }
    }

    public override func closed(_ cause: CloseCause) {
        finish(nil)
    }

    public override func timerFired(due: Instant) {
        finish(nil)
    }

    private func finish(_ answer: [UInt8]?) {
        guard let completion else { return }
        self.completion = nil
        cancelTimer()
        abort()
        completion(answer)
    }

    private static let timeout = Nanoseconds.seconds(3)
    /// Counts are a few hundred bytes; whatever is longer is something else.
    private static let limits: HTTPLimits = {
        var limits = HTTPLimits()
        limits.bodyBytes = 1 << 16
        return limits
    }()
}
