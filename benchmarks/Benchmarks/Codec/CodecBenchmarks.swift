import Benchmark
import OpAMP
import SwiftProtobuf

/// One benchmark for each message, direction and codec: `report encode muster`, `report encode swift-protobuf`, …
let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock, .throughput], scalingFactor: .kilo, maxDuration: .seconds(1), maxIterations: 1_000)

    Benchmark("heartbeat encode muster") { benchmark in
        var bytes: [UInt8] = []
        for number in benchmark.scaledIterations {
            bytes.removeAll(keepingCapacity: true)
            Heartbeat.encode(
                instanceUID: CodecFixtures.instanceUID, sequenceNumber: 70_000 + UInt64(number),
                capabilities: CodecFixtures.agentCapabilities, appendingTo: &bytes)
            blackHole(bytes)
        }
    }
    Benchmark("acknowledgement encode muster") { benchmark in
        var bytes: [UInt8] = []
        for _ in benchmark.scaledIterations {
            bytes.removeAll(keepingCapacity: true)
            Acknowledgement.encode(
                instanceUID: CodecFixtures.instanceUID, capabilities: CodecFixtures.serverCapabilities,
                appendingTo: &bytes)
            blackHole(bytes)
        }
    }
    report("heartbeat", CodecFixtures.heartbeat, kindOfEncode: "muster, any report")
    answer("acknowledgement", CodecFixtures.acknowledgement, kindOfEncode: "muster, any answer")
    report("full report", CodecFixtures.fullReport)
    answer("remote config", CodecFixtures.remoteConfig)
    answer("packages", CodecFixtures.packages)
}

private func report(_ name: String, _ message: AgentToServer, kindOfEncode: String = "muster") {
    let encoded = message.encoded()
    Benchmark("\(name) encode \(kindOfEncode)") { benchmark in
        var bytes: [UInt8] = []
        for _ in benchmark.scaledIterations {
            bytes.removeAll(keepingCapacity: true)
            message.encode(appendingTo: &bytes)
            blackHole(bytes)
        }
    }
    Benchmark("\(name) decode muster, view") { benchmark in
        for _ in benchmark.scaledIterations {
            let view = try AgentToServerView(encoded.span.bytes)
            blackHole(view.sequenceNumber)
            blackHole(view.present)
        }
    }
    Benchmark("\(name) decode muster, value") { benchmark in
        for _ in benchmark.scaledIterations { blackHole(try AgentToServer(decoding: encoded)) }
    }
    baseline(name, encoded, as: OracleAgentToServer.self)
}

private func answer(_ name: String, _ message: ServerToAgent, kindOfEncode: String = "muster") {
    let encoded = message.encoded()
    Benchmark("\(name) encode \(kindOfEncode)") { benchmark in
        var bytes: [UInt8] = []
        for _ in benchmark.scaledIterations {
            bytes.removeAll(keepingCapacity: true)
            message.encode(appendingTo: &bytes)
            blackHole(bytes)
        }
    }
    Benchmark("\(name) decode muster, view") { benchmark in
        for _ in benchmark.scaledIterations {
            let view = try ServerToAgentView(encoded.span.bytes)
            blackHole(view.flags)
            blackHole(view.present)
        }
    }
    Benchmark("\(name) decode muster, value") { benchmark in
        for _ in benchmark.scaledIterations { blackHole(try ServerToAgent(decoding: encoded)) }
    }
    baseline(name, encoded, as: OracleServerToAgent.self)
}

private func baseline<Oracle: SwiftProtobuf.Message>(_ name: String, _ encoded: [UInt8], as: Oracle.Type) {
    Benchmark("\(name) encode swift-protobuf") { benchmark in
        let message = try Oracle(serializedBytes: encoded)
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            let bytes: [UInt8] = try message.serializedBytes()
            blackHole(bytes)
        }
    }
    Benchmark("\(name) decode swift-protobuf") { benchmark in
        for _ in benchmark.scaledIterations { blackHole(try Oracle(serializedBytes: encoded)) }
    }
}
