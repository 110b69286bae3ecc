import Basis
import Engine
import Foundation
import Transport

/// A peer that sends every message back, in either role, on Muster's own WebSocket and engine: what a suite of
/// WebSocket tests runs against (`benchmarks/autobahn`).
///
///     EchoPeer serve PORT
///     EchoPeer connect PORT
@main
struct EchoPeer {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, let port = UInt16(arguments[2]) else { return usage() }
        let shard = try Shard(label: "echo")
        switch arguments[1] {
        case "serve":
            let listener = try Listener(shard: shard, addresses: [.loopback(port: port)]) { shard, _ in
                EchoServer(shard: shard)
            }
            print("listens at \(listener.addresses[0])")
            while true { try await Task.sleep(for: .seconds(3_600)) }
        case "connect":
            try await runCases(on: shard, at: .loopback(port: port))
        default:
            usage()
        }
    }

    /// Asks the suite how many cases it has, runs each, and has it write its report.
    private static func runCases(on shard: Shard, at address: SocketAddress) async throws {
        let count = Int(await EchoClient.run("/getCaseCount", on: shard, at: address)) ?? 0
        for number in 1...max(count, 1) {
            _ = await EchoClient.run("/runCase?case=\(number)&agent=muster", on: shard, at: address)
        }
        _ = await EchoClient.run("/updateReports?agent=muster", on: shard, at: address)
        print("\(count) cases")
    }

    private static func usage() {
        FileHandle.standardError.write(Data("usage: EchoPeer serve|connect PORT\n".utf8))
        exit(2)
    }
}
