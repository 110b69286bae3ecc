import Basis
import Engine
import Foundation
import Hosting
import Transport

/// What a reconnect costs: Muster's agents beside a plain epoll loop in C.
///
///     StormTable [--agents N] [--storms N] [--rounds N] [--server ADDRESS:PORT]
///     StormTable lateness | heartbeats
///     StormTable limits [--agents N] [--storms N] [--rounds N]
@main
enum StormTable {
    static func main() async throws {
        _ = FileLimits.raise()
        let arguments = Array(CommandLine.arguments.dropFirst())
        switch arguments.first {
        case "serve": try await Peer.serve()
        case "client": try await client(Array(arguments.dropFirst()))
        case "lateness", "heartbeats", "memory": try await figures(arguments)
        case "limits": try limits(arguments)
        default: try compare(arguments)
        }
    }

    private static func option(_ name: String, _ arguments: [String]) -> Int? {
        arguments.firstIndex(of: name).flatMap { $0 + 1 < arguments.count ? Int(arguments[$0 + 1]) : nil }
    }

    /// `client KIND PORT AGENTS STORMS [HANDSHAKES]`, the authority in the environment.
    private static func client(_ arguments: [String]) async throws {
        let numbers = arguments.dropFirst().compactMap { Int($0) }
        guard numbers.count >= 3, let kind = arguments.first, let port = UInt16(exactly: numbers[0]) else { return }
        let result =
            kind.hasPrefix("c")
            ? Measuring.cLoop(port: port, connections: numbers[1], storms: numbers[2], resets: kind == "c-reset")
            : try await Measuring.agents(
                at: target(port, kind), agents: numbers[1], storms: numbers[2],
                handshakes: numbers.count > 3 ? numbers[3] : nil)
        print(result?.line ?? "failed")
    }

    private static func target(_ port: UInt16, _ kind: String) throws -> AgentTarget {
        var security: TargetSecurity?
        if kind.hasPrefix("tls") {
            let authority = ProcessInfo.processInfo.environment["STORM_AUTHORITY"] ?? ""
            var options = TLSClientOptions(trust: .authorities(authority))
            options.resumes = kind == "tls-resumed"
            security = TargetSecurity(context: try TLSClientContext(options), serverName: nil)
        }
        guard
            let target = AgentTarget(
                addresses: [.loopback(port: port)], host: "127.0.0.1:\(port)", path: "/v1/opamp", security: security)
        else { throw PeerError() }
        return target
    }

    private static func figures(_ arguments: [String]) async throws {
        let peer = try Peer.start()
        defer { peer.process?.terminate() }
        let tls = arguments.contains("--tls")
        setenv("STORM_AUTHORITY", peer.authority, 1)
        let port = (tls ? peer.secure ?? peer.plain : peer.plain).port
        let target = try target(port, tls ? arguments.contains("--resume") ? "tls-resumed" : "tls-full" : "plain")
        switch arguments[0] {
        case "lateness":
            let lines = try await Measuring.lateness(
                at: target, agents: option("--agents", arguments) ?? 3_000, beating: 2_000,
                storms: option("--storms", arguments) ?? 5)
            print(lines?.joined(separator: "\n") ?? "failed")
        case "memory":
            print(
                try await Measuring.memory(
                    at: target, agents: option("--agents", arguments) ?? 10_000,
                    ramp: .milliseconds(Int64(option("--ramp", arguments) ?? 0))) ?? "failed")
        default:
            for _ in 0..<(option("--rounds", arguments) ?? 3) {
                print(
                    try await Measuring.heartbeats(
                        at: target, agents: option("--agents", arguments) ?? 2_000,
                        interval: .milliseconds(Int64(option("--interval", arguments) ?? 1_000)),
                        seconds: option("--seconds", arguments) ?? 6))
            }
        }
    }

    private struct Kind {
        let name: String
        let code: String
        var isSecure = false
    }

    private static let kinds = [
        Kind(name: "C epoll loop, plaintext", code: "c"),
        Kind(name: "the same with resets", code: "c-reset"),
        Kind(name: "Muster, plaintext", code: "plain"),
        Kind(name: "Muster, TLS 1.3 full", code: "tls-full", isSecure: true),
        Kind(name: "Muster, TLS 1.3 resumed", code: "tls-resumed", isSecure: true),
    ]

    private static func compare(_ arguments: [String]) throws {
        let peer = try other(arguments) ?? Peer.start()
        defer { peer.process?.terminate() }
        let agents = option("--agents", arguments) ?? 3_000
        let storms = option("--storms", arguments) ?? 5
        let rounds = option("--rounds", arguments) ?? 5
        print("\(agents) agents at once, median of \(rounds) rounds of \(storms) storms each, the kinds in turns\n")
        print(row(["client", "CPU us", "ratio", "storm ms", "alloc", "waits", "server us"]))
        var results: [[StormResult]] = kinds.map { _ in [] }
        var server: [[Double]] = kinds.map { _ in [] }
        for _ in 0..<rounds {
            for (index, kind) in kinds.enumerated() {
                guard let address = kind.isSecure ? peer.secure : peer.plain else { continue }
                let before = peer.cpuSeconds
                guard let result = try run(kind.code, address.port, agents, storms, peer.authority) else { continue }
                results[index].append(result)
                if let before, let after = peer.cpuSeconds {
                    server[index].append((after - before) * 1e6 / Double(agents * (storms + 1)))
                }
            }
        }
        let base = median(results[0].map(\.cpuEach))
        for (index, kind) in kinds.enumerated() where !results[index].isEmpty {
            let all = results[index]
            let ratios = zip(results[0], all).map { $1.cpuEach / $0.cpuEach }
            print(
                row([
                    kind.name, figure(median(all.map(\.cpuEach))), figure(base.isNaN ? .nan : median(ratios)) + "x",
                    figure(median(all.map { Double($0.elapsed.count) / 1e6 / Double(storms) })),
                    figure(median(all.map { Double($0.allocations) / Double($0.reconnects) })),
                    figure(median(all.map { Double($0.waits) / Double($0.reconnects) })),
                    server[index].isEmpty ? "-" : figure(median(server[index])),
                ]))
        }
    }

    /// Reconnects a second by how many handshakes may be under way at once, all agents at once, full and resumed.
    private static func limits(_ arguments: [String]) throws {
        let peer = try Peer.start()
        defer { peer.process?.terminate() }
        guard let port = peer.secure?.port else { throw PeerError() }
        let agents = option("--agents", arguments) ?? 3_000
        let storms = option("--storms", arguments) ?? 3
        let rounds = option("--rounds", arguments) ?? 5
        let limits: [Int?] = [20, 100, 1_000, nil]
        print("\(agents) agents at once, median of \(rounds) rounds of \(storms) storms each, the limits in turns\n")
        print("| handshakes at once | full reconnects a second | CPU us | resumed | CPU us |")
        print("| --- | --- | --- | --- | --- |")
        var results: [[[StormResult]]] = limits.map { _ in [[], []] }
        for _ in 0..<rounds {
            for (kindIndex, kind) in ["tls-full", "tls-resumed"].enumerated() {
                for (index, limit) in limits.enumerated() {
                    if let result = try run(kind, port, agents, storms, peer.authority, handshakes: limit) {
                        results[index][kindIndex].append(result)
                    }
                }
            }
        }
        for (limit, kinds) in zip(limits, results) {
            let cells = kinds.map { results in
                let rate = median(results.map { Double($0.reconnects) / Double($0.elapsed.count) * 1e9 })
                return String(format: "%.0f | %.0f", rate, median(results.map(\.cpuEach)))
            }
            print("| \(limit.map { "\($0)" } ?? "any number") | \(cells.joined(separator: " | ")) |")
        }
    }

    /// A server that runs already, plaintext only.
    private static func other(_ arguments: [String]) -> Peer? {
        guard let index = arguments.firstIndex(of: "--server"), index + 1 < arguments.count,
            let port = arguments[index + 1].split(separator: ":").last.flatMap({ UInt16($0) })
        else { return nil }
        return Peer(process: nil, plain: .loopback(port: port), secure: nil, authority: "")
    }

    private static func run(
        _ kind: String, _ port: UInt16, _ agents: Int, _ storms: Int, _ authority: String, handshakes: Int? = nil
    ) throws -> StormResult? {
        let client = Process()
        let output = Pipe()
        client.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        client.arguments = ["client", kind, "\(port)", "\(agents)", "\(storms)"] + (handshakes.map { ["\($0)"] } ?? [])
        client.environment = ProcessInfo.processInfo.environment.merging(["STORM_AUTHORITY": authority]) { $1 }
        client.standardOutput = output
        try client.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        client.waitUntilExit()
        return StormResult(line: text)
    }

    private static func median(_ values: [Double]) -> Double {
        values.isEmpty ? .nan : values.sorted()[values.count / 2]
    }

    private static func figure(_ value: Double) -> String { String(format: "%.2f", value) }

    private static func row(_ cells: [String]) -> String {
        zip(cells, [26, 9, 8, 10, 8, 8, 10]).map { cell, width in
            cell.padding(toLength: max(width, cell.count), withPad: " ", startingAt: 0)
        }.joined(separator: " ")
    }
}
