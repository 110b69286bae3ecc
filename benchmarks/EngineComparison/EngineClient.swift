import Basis
import CEpollLoop
import CMallocCount
import Engine
import Synchronization

/// The same load as the C loop's client, on Muster's engine.
final class EngineClient: Endpoint, @unchecked Sendable {
    /// What all clients of a run share; on their shard only.
    final class Run: @unchecked Sendable {
        let frames: Frames
        let load: Load
        var connected = 0
        var answers = 0

        init(frames: Frames, load: Load) {
            self.frames = frames
            self.load = load
        }
    }

    private let run: Run
    private let index: Int
    private var waiting = 0

    init(shard: Shard, run: Run, index: Int) {
        self.run = run
        self.index = index
        super.init(shard: shard)
    }

    override func connected() {
        run.connected += 1
    }

    func start(at start: Instant) {
        if run.load.interval == .zero {
            request()
        } else {
            let gap = Nanoseconds(run.load.interval.count / Int64(run.load.connections))
            setTimer(at: start + gap * Int64(index))
        }
    }

    override func received(_ bytes: RawSpan) {
        waiting += bytes.byteCount
        while waiting >= run.frames.answer.count {
            waiting -= run.frames.answer.count
            run.answers += 1
            if run.load.interval == .zero { request() }
        }
    }

    override func timerFired(due: Instant) {
        setTimer(at: due + run.load.interval)
        request()
    }

    override func closed(_ cause: CloseCause) {
        fatalError("a connection ended: \(cause)")
    }

    private func request() {
        let frame = run.frames.request
        write(frame.span.bytes)
    }
}

/// Runs the load on one shard and reports on the measured stretch.
func runEngine(frames: Frames, load: Load, lingerLimit: Nanoseconds) async throws -> Result {
    var options = ShardOptions()
    options.lingerLimit = lingerLimit
    let shard = try Shard(label: "client", options: options)
    let run = EngineClient.Run(frames: frames, load: load)
    let clients = (0..<load.connections).map { EngineClient(shard: shard, run: run, index: $0) }
    let server = SocketAddress.loopback(port: UInt16(load.port))
    shard.perform { for client in clients { client.connect(to: server, timeout: .seconds(60)) } }
    while await ask(shard, { run.connected }) < load.connections { try await Task.sleep(for: .milliseconds(20)) }
    shard.perform { for client in clients { client.start(at: shard.now) } }
    try await Task.sleep(for: .nanoseconds(load.warmUp.count))
    let before = await ask(shard) { (run.answers, epoll_loop_cpu(), malloc_count_calls(), shard.now, shard.counters) }
    try await Task.sleep(for: .nanoseconds(load.measured.count))
    let after = await ask(shard) { (run.answers, epoll_loop_cpu(), malloc_count_calls(), shard.now, shard.counters) }
    return Result(
        answers: after.0 - before.0, cpu: Nanoseconds(Int64(after.1 - before.1)), elapsed: after.3 - before.3,
        allocations: Int(after.2 - before.2), wakes: Int(after.4.wakes - before.4.wakes),
        waits: Int(after.4.waits - before.4.waits))
}

/// Asks a question on the shard.
func ask<Answer: Sendable>(_ shard: Shard, _ question: @escaping @Sendable () -> Answer) async -> Answer {
    await withCheckedContinuation { continuation in
        shard.perform { continuation.resume(returning: question()) }
    }
}
