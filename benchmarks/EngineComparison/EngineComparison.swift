import Basis
import CEpollLoop
import Engine
import Foundation

/// Plays the client of a heartbeat round trip through a plain C epoll loop and through Muster's engine, in turns, each
/// in a process of its own, against one C server, and prints CPU per message side by side.
///
///     EngineComparison [--rounds 5] [--seconds 2]
///     EngineComparison memory [--connections 2000]
@main
struct EngineComparison {
    static func main() async throws {
        FileLimits.raise()
        let arguments = Array(CommandLine.arguments.dropFirst())
        switch arguments.first {
        case "serve":
            _ = Frames().withC { frames in
                epoll_loop_serve(frames) { port in
                    print(port)
                    fflush(nil)
                }
            }
        case "serve-engine":
            try await IdleMemory.serve()
        case "memory":
            try await IdleMemory.measure(connections: option("--connections", arguments) ?? 2000)
        case "client":
            try await client(arguments)
        default:
            try compare(rounds: option("--rounds", arguments) ?? 5, seconds: option("--seconds", arguments) ?? 2)
        }
    }

    private static func option(_ name: String, _ arguments: [String]) -> Int? {
        arguments.firstIndex(of: name).flatMap { $0 + 1 < arguments.count ? Int(arguments[$0 + 1]) : nil }
    }

    /// `client c|engine port connections interval measured linger`, spans in nanoseconds.
    private static func client(_ arguments: [String]) async throws {
        let numbers = arguments.dropFirst(2).compactMap { Int64($0) }
        guard arguments.count == 7, numbers.count == 5 else { return }
        let load = Load(
            port: Int(numbers[0]), connections: Int(numbers[1]), interval: Nanoseconds(numbers[2]),
            warmUp: .milliseconds(700), measured: Nanoseconds(numbers[3]))
        let result =
            arguments[1] == "c"
            ? runC(frames: Frames(), load: load)
            : try await runEngine(frames: Frames(), load: load, lingerLimit: Nanoseconds(numbers[4]))
        print(result?.line ?? "failed")
    }

    /// One way of loading the server.
    private struct Scenario {
        let name: String
        let connections: Int
        let interval: Nanoseconds
        /// Rare messages need a longer round for the same certainty.
        var stretch = 1
    }

    private static let scenarios = [
        Scenario(name: "closed loop, 1,000 connections", connections: 1000, interval: .zero),
        Scenario(name: "closed loop, 10 connections", connections: 10, interval: .zero),
        Scenario(name: "20,000/s, 5,000 connections", connections: 5000, interval: .milliseconds(250)),
        Scenario(name: "2,000/s, 10,000 connections", connections: 10_000, interval: .seconds(5)),
        Scenario(name: "200/s, 1,000 connections", connections: 1000, interval: .seconds(5), stretch: 4),
    ]

    private static func compare(rounds: Int, seconds: Int) throws {
        let server = Process()
        let output = Pipe()
        server.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        server.arguments = ["serve"]
        server.standardOutput = output
        try server.run()
        defer { server.terminate() }
        let greeting = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard let port = Int(greeting.trimmingCharacters(in: .whitespacesAndNewlines)) else { return }
        print("CPU of the client per round trip (\(Frames().request.count) bytes out, \(Frames().answer.count) in),")
        print("median of \(rounds) rounds of \(seconds) s each (the rarest: \(4 * seconds) s), C and engine in turns\n")
        print(
            row([
                "scenario", "C µs", "engine µs", "ratio", "C msg/s", "eng. msg/s", "C alloc", "eng. alloc", "wakes/msg",
            ]))
        for scenario in scenarios {
            var c: [Result] = []
            var engine: [Result] = []
            for _ in 0..<rounds {
                c += try [measure("c", port, scenario, seconds)].compactMap { $0 }
                engine += try [measure("engine", port, scenario, seconds)].compactMap { $0 }
            }
            let ratios = zip(c, engine).map { $1.cpuPerMessage / $0.cpuPerMessage }
            print(
                row([
                    scenario.name, figure(median(c.map(\.cpuPerMessage)) / 1000),
                    figure(median(engine.map(\.cpuPerMessage)) / 1000), figure(median(ratios)) + "x",
                    String(Int(median(c.map(\.messagesPerSecond)))),
                    String(Int(median(engine.map(\.messagesPerSecond)))),
                    figure(median(c.map(\.allocationsPerMessage))), figure(median(engine.map(\.allocationsPerMessage))),
                    figure(median(engine.map { Double($0.wakes) / Double(max(1, $0.answers)) })),
                ]))
            fflush(nil)
        }
    }

    private static func measure(_ kind: String, _ port: Int, _ scenario: Scenario, _ seconds: Int) throws -> Result? {
        let client = Process()
        let output = Pipe()
        client.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        let linger = ShardOptions().lingerLimit.count
        client.arguments = [
            "client", kind, "\(port)", "\(scenario.connections)", "\(scenario.interval.count)",
            "\(Nanoseconds.seconds(Int64(seconds * scenario.stretch)).count)", "\(linger)",
        ]
        client.standardOutput = output
        try client.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        client.waitUntilExit()
        return Result(line: text)
    }

    private static func median(_ values: [Double]) -> Double {
        guard !values.isEmpty else { return .nan }
        return values.sorted()[values.count / 2]
    }

    private static func figure(_ value: Double) -> String { String(format: "%.3f", value) }

    private static func row(_ cells: [String]) -> String {
        zip(cells, [32, 9, 10, 8, 9, 11, 9, 11, 10]).map { cell, width in
            cell.padding(toLength: max(width, cell.count), withPad: " ", startingAt: 0)
        }.joined(separator: " ")
    }
}
