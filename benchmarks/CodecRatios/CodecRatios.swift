import CMallocCount
import OpAMP
import SwiftProtobuf

/// Times both codecs in turns and prints the ratio, so that a noisy machine disturbs both alike; and counts allocations.
/// Each figure is the least of many short batches: the time the work takes when nothing interrupts it.
///
/// With `--write FOLDER` the messages are written there as files instead, for the C++ peer to measure.
@main
struct CodecRatios {
    static func main() throws {
        if CommandLine.arguments.count == 3, CommandLine.arguments[1] == "--write" {
            return try MessageFiles.write(to: CommandLine.arguments[2])
        }
        print("message              direction         muster  swift-protobuf   ratio  allocations")
        try small()
        try messages()
    }

    private static func small() throws {
        let (uid, capabilities) = (CodecFixtures.instanceUID, CodecFixtures.agentCapabilities)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(64)
        var number: UInt64 = 70_000
        let heartbeat = try OracleAgentToServer(serializedBytes: CodecFixtures.heartbeat.encoded())
        try Row.measure("heartbeat", "encode") {
            bytes.removeAll(keepingCapacity: true)
            number &+= 1
            Heartbeat.encode(
                instanceUID: uid, sequenceNumber: number, capabilities: capabilities, appendingTo: &bytes)
            consume(bytes)
        } against: {
            let bytes: [UInt8] = try heartbeat.serializedBytes()
            consume(bytes)
        }
        let acknowledgement = try OracleServerToAgent(serializedBytes: CodecFixtures.acknowledgement.encoded())
        let serverCapabilities = CodecFixtures.serverCapabilities
        try Row.measure("acknowledgement", "encode") {
            bytes.removeAll(keepingCapacity: true)
            Acknowledgement.encode(instanceUID: uid, capabilities: serverCapabilities, appendingTo: &bytes)
            consume(bytes)
        } against: {
            let bytes: [UInt8] = try acknowledgement.serializedBytes()
            consume(bytes)
        }
    }

    private static func messages() throws {
        try report("heartbeat", CodecFixtures.heartbeat)
        try answer("acknowledgement", CodecFixtures.acknowledgement)
        try report("full report", CodecFixtures.fullReport)
        try answer("remote config", CodecFixtures.remoteConfig)
        try answer("packages", CodecFixtures.packages)
    }

    private static func report(_ name: String, _ message: AgentToServer) throws {
        let encoded = message.encoded()
        let oracle = try OracleAgentToServer(serializedBytes: encoded)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(encoded.count)
        try Row.measure(name, "encode value") {
            bytes.removeAll(keepingCapacity: true)
            message.encode(appendingTo: &bytes)
            consume(bytes)
        } against: {
            let bytes: [UInt8] = try oracle.serializedBytes()
            consume(bytes)
        }
        try Row.measure(name, "decode view") {
            let view = try AgentToServerView(encoded.span.bytes)
            consume(view.sequenceNumber)
            consume(view.present)
        } against: {
            consume(try OracleAgentToServer(serializedBytes: encoded))
        }
        try Row.measure(name, "decode value") {
            consume(try AgentToServer(decoding: encoded))
        } against: {
            consume(try OracleAgentToServer(serializedBytes: encoded))
        }
        var decoder = ArenaDecoder()
        try Row.measure(name, "decode arena") {
            consume(try decoder.withAgentToServer(encoded.span.bytes) { $0.sequenceNumber })
        } against: {
            consume(try OracleAgentToServer(serializedBytes: encoded))
        }
    }

    private static func answer(_ name: String, _ message: ServerToAgent) throws {
        let encoded = message.encoded()
        let oracle = try OracleServerToAgent(serializedBytes: encoded)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(encoded.count)
        try Row.measure(name, "encode value") {
            bytes.removeAll(keepingCapacity: true)
            message.encode(appendingTo: &bytes)
            consume(bytes)
        } against: {
            let bytes: [UInt8] = try oracle.serializedBytes()
            consume(bytes)
        }
        try Row.measure(name, "decode view") {
            let view = try ServerToAgentView(encoded.span.bytes)
            consume(view.flags)
            consume(view.present)
        } against: {
            consume(try OracleServerToAgent(serializedBytes: encoded))
        }
        try Row.measure(name, "decode value") {
            consume(try ServerToAgent(decoding: encoded))
        } against: {
            consume(try OracleServerToAgent(serializedBytes: encoded))
        }
        var decoder = ArenaDecoder()
        try Row.measure(name, "decode arena") {
            consume(try decoder.withServerToAgent(encoded.span.bytes) { $0.flags.rawValue })
        } against: {
            consume(try OracleServerToAgent(serializedBytes: encoded))
        }
    }
}

/// Keeps the compiler from dropping work whose result nobody reads.
@inline(never)
func consume<Value>(_ value: borrowing Value) {}
