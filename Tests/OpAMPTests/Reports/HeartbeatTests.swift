import Basis
import OpAMP
import Testing

@Suite("Heartbeats and acknowledgements are the messages they stand for")
struct HeartbeatTests {
    @Test("Both are byte for byte what the whole messages would be", arguments: 0..<UInt64(200))
    func sameBytes(stream: UInt64) throws {
        var random = SeededRandom(seed: 41, stream: stream)
        let uid = InstanceUID(high: random.next(), low: random.next())
        let number = random.next() >> UInt64(random.index(below: 65))
        let bits = random.next() >> UInt64(random.index(below: 65))
        var bytes: [UInt8] = []
        Heartbeat.encode(
            instanceUID: uid, sequenceNumber: number, capabilities: AgentCapabilities(rawValue: bits),
            appendingTo: &bytes)
        #expect(
            bytes
                == AgentToServer(
                    instanceUID: .uid(uid), sequenceNumber: number, capabilities: AgentCapabilities(rawValue: bits)
                ).encoded())
        #expect(bytes.count <= 40)

        bytes = []
        Acknowledgement.encode(
            instanceUID: uid, flags: ServerToAgentFlags(rawValue: number),
            capabilities: ServerCapabilities(rawValue: bits),
            appendingTo: &bytes)
        #expect(
            bytes
                == ServerToAgent(
                    instanceUID: .uid(uid), flags: ServerToAgentFlags(rawValue: number),
                    capabilities: ServerCapabilities(rawValue: bits)
                ).encoded())
        #expect(bytes.count <= 40)
    }
}
