import AgentModel
import Basis
import Engine
import Metrics
import OpAMP
import Packages
import Transport

/// One agent's download of one file: attempts on connections of their own, the bytes hashed and looked into as they
/// arrive, nothing held. Confined to its shard.
///
/// It reports progress and outcome from its own timer or socket: never while the agent's effects are being performed.
final class PackageFetch: Endpoint, @unchecked Sendable {
    enum DownloadStage {
        /// For its turn, or, with a wait, for its next attempt.
        case waiting
        /// The server's name is being looked up, for the attempt of that number.
        case resolving(attempt: Int)
        case connecting(ConnectAttempt)
        case receiving
        /// The connection of a redirect is being closed; the next one follows.
        case redirecting
        /// The agent has not received the outcome yet.
        case ended(DownloadOutcome)
        case over
    }

    let request: PackageDownload
    let downloads: ShardDownloads
    let begun: Instant
    private let tell: (DownloadUpdate) -> Void
    /// Nil: straight to the server, under no certificate.
    let findRoute: DownloadRoute.Finder?
    var stage = DownloadStage.waiting
    var transfer: FileTransfer?
    /// The way of the present attempt.
    var route = DownloadRoute()
    var attempts = 0
    private var granted = Instant.zero
    var checks: FileChecks
    /// The file consists of pieces of several transfers.
    private var isPieced = false
    private var bandwidth: BandwidthLimit
    // What the one timer is for; `.distantFuture` where it is not.
    var retryAt = Instant.distantFuture
    private var resumeAt = Instant.distantFuture
    private var progressAt = Instant.distantFuture
    private var giveUpAt = Instant.distantFuture
    /// What was reported last.
    private var told = (bytes: 0, at: Instant.zero)

    init(
        _ request: PackageDownload, in downloads: ShardDownloads, by route: DownloadRoute.Finder?,
        tell: @escaping (DownloadUpdate) -> Void
    ) {
        self.request = request
        findRoute = route
        self.downloads = downloads
        self.tell = tell
        begun = downloads.shard.now
        bandwidth = BandwidthLimit(request.plan.bandwidth)
        checks = FileChecks(of: request, downloads)
        super.init(shard: downloads.shard)
    }

    var agent: UInt64 { request.agent }
    var metrics: ShardMetrics { downloads.metrics }

    // MARK: - Steered by the shard's downloads

    /// It is this one's turn.
    func granted(since requested: Instant) {
        granted = shard.now
        metrics.record(.downloadWait, shard.now - requested)
        giveUpAt = shard.now + request.plan.timeout
        progressAt = shard.now + request.progressInterval
        told = (0, shard.now)
        guard let url = FileURL(request.file.downloadURL) else { return end(.badAddress, .downloadBadAddress) }
        var fields = HTTPFields()
        for header in request.file.headers?.headers ?? []
        where !PackageFetch.ownFields.contains(header.key.lowercased()) {
            // One that HTTP does not allow cannot be sent; the others still are.
            try? fields.append(header.key, header.value)
        }
        transfer = FileTransfer(
            url: url, fields: fields,
            limits: FileTransfer.Limits(bytes: request.plan.largestFile, redirects: request.plan.redirects),
            canResumeBlindly: !request.file.contentHash.isEmpty)
        attempt()
    }

    /// The agent has cancelled the download.
    func abandon() {
        stage = .over
        checks.discard()
        cancelTimer()
        abort()
    }

    // MARK: - What the socket reports

    override func connected() {
        switch stage {
        case .connecting(let attempt): connecting(attempt.connected(on: self))
        case .waiting, .resolving, .receiving, .redirecting, .ended, .over: abort()
        }
    }

    override func received(_ bytes: RawSpan) {
        var offset = 0
        if case .connecting(let attempt) = stage {
            return connecting(attempt.received(bytes, at: &offset, on: self))
        }
        while case .receiving = stage, let event = transfer?.next(bytes, at: &offset) {
            if case .body(let range) = event {
                bodyReceived(bytes.extracting(range))
            } else {
                happened(event)
            }
        }
    }

    override func enteredLink(_ span: Nanoseconds, losses: Int) { metrics.enteredLink(span, losses: losses) }

    override func linkFired(late lag: Nanoseconds) { metrics.record(.schedulingDelay, lag) }

    override func closed(_ cause: CloseCause) {
        switch stage {
        case .connecting(let attempt):
            connectFailed(attempt.closed(cause))
        case .receiving:
            if case .tls = cause {
                // In TLS 1.3 the server judges the agent's certificate when the agent is done with the handshake
                // already.
                metrics.count(named: cause.name)
                failed(.downloadNotConnected, "the file's server broke off: \(cause.name)", isWorthRetrying: true)
            } else if cause == .timedOut(.idle) {
                failed(.downloadStalled, "the file's server went silent", isWorthRetrying: true)
            } else if let event = transfer?.connectionEnded() {
                happened(event)
            }
        case .redirecting:
            // A redirect is no failure: it costs no attempt.
            attempts -= 1
            attempt()
        case .waiting, .resolving, .ended, .over:
            break
        }
    }

    private func bodyReceived(_ bytes: RawSpan) {
        metrics.count(.downloadBytes, bytes.byteCount)
        checks.add(bytes)
        let now = shard.now
        let until = max(bandwidth.spend(bytes.byteCount, at: now), downloads.bandwidth.spend(bytes.byteCount, at: now))
        guard until > now + PackageFetch.minPause, resumeAt == .distantFuture || until > resumeAt else { return }
        // While this side does not read, it cannot know whether the server is silent.
        idleTimeout = nil
        pauseReading()
        resumeAt = until
        arm()
    }

    private func happened(_ event: FileTransfer.Event) {
        switch event {
        case .body: break
        case .startedOver:
            metrics.count(.downloadsStartedOver)
            isPieced = false
            checks.restart()
        case .resumed:
            metrics.count(.downloadsResumed)
            isPieced = true
        case .redirected:
            metrics.count(.downloadsRedirected)
            stage = .redirecting
            abortOrContinue()
        case .finished:
            complete()
        case .failed(let failure):
            switch failure {
            case .refused(let status):
                metrics.count(named: "download_status_\(status)")
                if let verdict = FileChecks.access(status) { metrics.count(named: "verdict_\(verdict)") }
            case .proxyRefused(let status): metrics.count(named: "proxy_refused_\(status)")
            default: break
            }
            failed(Counter(failure), failure.words, isWorthRetrying: failure.isWorthRetrying)
        }
    }

    /// Ends the connection; where it has ended already, `closed` is not called again.
    private func abortOrContinue() {
        if isIdle { closed(.local) } else { abort() }
    }

    // MARK: - Ends

    private func complete() {
        let verdict = checks.complete()
        if case .otherHash = verdict, isPieced, attempts < request.plan.attempts {
            // Pieces of two different files, perhaps: once more from the beginning.
            transfer?.startOver()
            checks.restart()
            isPieced = false
            return failed(.packageHashMismatch, "", isWorthRetrying: true)
        }
        let time = shard.now - granted
        metrics.record(.downloadTime, time)
        if let bytes = transfer?.received, bytes >= PackageFetch.minMeasured {
            metrics.record(.downloadPerMebibyte, time.scaled(by: Double(1 << 20) / Double(bytes)))
        }
        switch verdict {
        case .passed: end(.verified)
        case .otherHash(let words):
            metrics.count(.packageHashMismatch)
            end(.failed(words))
        case .refused(let words): end(.failed(words))
        }
    }

    /// An attempt failed: there is another, or the download has failed.
    func failed(_ counter: Counter, _ words: String, isWorthRetrying: Bool) {
        metrics.count(counter)
        guard isWorthRetrying, attempts < request.plan.attempts else { return end(.failed(words)) }
        metrics.count(.downloadsRetried)
        let doubled = request.plan.retryDelay * Int64(1 << min(attempts - 1, 16))
        var delay = downloads.jittered(min(doubled, FetchPlan.longestRetryDelay))
        if case .seconds(let seconds)? = transfer?.retryAfter {
            delay = max(delay, min(.seconds(Int64(seconds)), FetchPlan.longestRetryDelay))
        }
        stage = .waiting
        resumeAt = .distantFuture
        retryAt = shard.now + max(delay, PackageFetch.minPause)
        abort()
        arm()
    }

    private func end(_ failure: TransferFailure, _ counter: Counter) {
        metrics.count(counter)
        end(.failed(failure.words))
    }

    /// The agent receives the outcome in a later turn of the loop.
    private func end(_ outcome: DownloadOutcome) {
        stage = .ended(outcome)
        abort()
        setTimer(at: shard.now)
    }

    // MARK: - Time

    override func timerFired(due: Instant) {
        let now = shard.now
        if case .ended(let outcome) = stage { return tellEnd(outcome) }
        if giveUpAt <= now {
            metrics.count(.downloadTimedOut)
            return end(.failed("the file was not there within \(request.plan.timeout)"))
        }
        if resumeAt <= now {
            resumeAt = .distantFuture
            if case .receiving = stage { idleTimeout = request.plan.stallTimeout }
            resumeReading()
        }
        if retryAt <= now {
            if isIdle { attempt() } else { retryAt = now + PackageFetch.minPause }
        }
        if progressAt <= now { tellProgress(at: now) }
        arm()
    }

    func arm() {
        if case .ended = stage { return }
        setTimer(at: min(min(retryAt, resumeAt), min(progressAt, giveUpAt)))
    }

    private func tellProgress(at now: Instant) {
        progressAt = now + request.progressInterval
        guard let transfer, case .receiving = stage else { return }
        let span = (now - told.at).seconds
        let fresh = max(transfer.received - told.bytes, 0)
        told = (transfer.received, now)
        let percent = transfer.total.map { $0 > 0 ? 100 * Double(transfer.received) / Double($0) : 100 } ?? 0
        tell(
            DownloadUpdate(
                agent: agent, number: request.number,
                event: .progressed(
                    DownloadProgress(percent: percent, bytesPerSecond: span > 0 ? Double(fresh) / span : 0))))
    }

    private func tellEnd(_ outcome: DownloadOutcome) {
        stage = .over
        metrics.count(outcome == .verified ? .downloadsFinished : .downloadsFailed)
        checks.discard()
        downloads.left(self)
        tell(DownloadUpdate(agent: agent, number: request.number, event: .ended(outcome)))
    }

    /// The fields that the connection itself sets; an offer cannot replace them.
    private static let ownFields: Set<String> = [
        "host", "connection", "content-length", "transfer-encoding", "accept-encoding", "range", "if-range", "expect",
        "te",
        "trailer", "upgrade", "proxy-authorization",
    ]
    /// Shorter pauses are not worth a timer: the bytes are paid for with the next ones.
    private static let minPause = Nanoseconds.milliseconds(2)
    /// The throughput of smaller files is that of a connection's opening.
    private static let minMeasured = 16 << 10
}
