import Basis
import CEpollLoop
import CMallocCount

/// The bytes on the wire: a heartbeat in a masked WebSocket frame, and the server's empty answer in an unmasked one.
struct Frames: Sendable {
    /// FIN, binary, masked, 28 bytes: the message header, an instance uid, a sequence number and capabilities.
    let request: [UInt8] = [0x82, 0x80 | 28, 1, 2, 3, 4] + [UInt8](repeating: 0x5A, count: 28)
    /// FIN, binary, 21 bytes: the message header, the instance uid and capabilities.
    let answer: [UInt8] = [0x82, 21] + [UInt8](repeating: 0xA5, count: 21)

    func withC<Answer>(_ body: (UnsafePointer<epoll_loop_frames>) -> Answer) -> Answer {
        request.withUnsafeBufferPointer { request in
            answer.withUnsafeBufferPointer { answer in
                var frames = epoll_loop_frames(
                    request: request.baseAddress, request_bytes: Int32(request.count), answer: answer.baseAddress,
                    answer_bytes: Int32(answer.count))
                return body(&frames)
            }
        }
    }
}

/// What a client process is to do.
struct Load: Sendable {
    var port: Int
    var connections: Int
    /// Between two requests of one connection; zero: closed loop.
    var interval: Nanoseconds
    var warmUp: Nanoseconds
    var measured: Nanoseconds
}

/// What a client process measured.
struct Result: Sendable {
    var answers: Int
    var cpu: Nanoseconds
    var elapsed: Nanoseconds
    var allocations: Int
    var wakes = 0
    var waits = 0

    var cpuPerMessage: Double { Double(cpu.count) / Double(max(1, answers)) }
    var allocationsPerMessage: Double { Double(allocations) / Double(max(1, answers)) }
    var messagesPerSecond: Double { Double(answers) / max(1e-9, elapsed.seconds) }

    /// One line for the parent process.
    var line: String { "\(answers) \(cpu.count) \(elapsed.count) \(allocations) \(wakes) \(waits)" }

    init(answers: Int, cpu: Nanoseconds, elapsed: Nanoseconds, allocations: Int, wakes: Int = 0, waits: Int = 0) {
        self.answers = answers
        self.cpu = cpu
        self.elapsed = elapsed
        self.allocations = allocations
        self.wakes = wakes
        self.waits = waits
    }

    init?(line: String) {
        let fields = line.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
        guard fields.count == 6 else { return nil }
        self.init(
            answers: fields[0], cpu: Nanoseconds(Int64(fields[1])), elapsed: Nanoseconds(Int64(fields[2])),
            allocations: fields[3], wakes: fields[4], waits: fields[5])
    }
}

/// Runs the load through the plain C loop.
func runC(frames: Frames, load: Load) -> Result? {
    var parameters = epoll_loop_load(
        port: Int32(load.port), connections: Int32(load.connections), interval: UInt64(load.interval.count),
        warm_up: UInt64(load.warmUp.count), measured: UInt64(load.measured.count))
    var result = epoll_loop_result()
    let failure = frames.withC { epoll_loop_run($0, &parameters, malloc_count_calls, &result) }
    guard failure == 0 else { return nil }
    return Result(
        answers: Int(result.answers), cpu: Nanoseconds(Int64(result.cpu_nanoseconds)),
        elapsed: Nanoseconds(Int64(result.elapsed_nanoseconds)), allocations: Int(result.allocations))
}
