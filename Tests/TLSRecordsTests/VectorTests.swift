import Basis
import RecordSupport
import Testing

@testable import TLSRecords

/// The traces of RFC 8448: the key schedule, and every record under application keys, byte for byte. Section 6 has no
/// such records.
@Suite("RFC 8448")
struct VectorTests {
    private static let payload = (0..<50).map { UInt8($0) }

    @Test("The key schedule gives the secrets and keys of section 3 (RFC 8446 §7.1, §7.3)")
    func keySchedule() throws {
        let schedule = KeySchedule()
        func secret(_ secret: [UInt8], _ label: StaticString, _ hash: [UInt8] = [], _ count: Int = 32) -> [UInt8] {
            schedule.expanded(.aes128GCM, secret, label, hash: hash, count: count)
        }
        let zeros = [UInt8](repeating: 0, count: 32)
        let empty = try hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        let early = schedule.extracted(.aes128GCM, salt: zeros, zeros)
        #expect(try early == hex("33ad0a1c607ec03b09e6cd9893680ce210adf300aa1f2660e1b22e10f170f92a"))
        let derived = secret(early, "derived", empty)
        #expect(try derived == hex("6f2615a108c702c5678f54fc9dbab69716c076189c48250cebeac3576c3611ba"))
        let exchanged = try hex("8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d")
        let handshake = schedule.extracted(.aes128GCM, salt: derived, exchanged)
        #expect(try handshake == hex("1dc826e93606aa6fdc0aadc12f741b01046aa6b99f691ed221a9f0ca043fbeac"))
        let hellos = try hex("860c06edc07858ee8e78f0e7428c58edd6b43f2ca3e6e95f02ed063cf0e1cad8")
        #expect(
            try secret(handshake, "c hs traffic", hellos)
                == hex("b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21"))
        #expect(
            try secret(handshake, "s hs traffic", hellos)
                == hex("b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38"))
        let master = schedule.extracted(.aes128GCM, salt: secret(handshake, "derived", empty), zeros)
        #expect(try master == hex("18df06843d13a08bf2a449844c5f8a478001bc4d4c627984d5a41da8d0402919"))
        let finished = try hex("9608102a0f1ccc6db6250b7b7e417b1a000eaada3daae4777a7686c9ff83df13")
        let (client, server) = (secret(master, "c ap traffic", finished), secret(master, "s ap traffic", finished))
        #expect(try client == hex(Trace.section3.client))
        #expect(try server == hex(Trace.section3.server))
        #expect(try secret(server, "iv", [], 12) == hex("cf782b88dd83549aadf1e984"))
        #expect(try secret(client, "iv", [], 12) == hex("5b78923dee08579033e523d9"))
    }

    @Test("Keys, data and close_notify of both sides are those of the trace", arguments: Trace.all)
    func records(trace: Trace) throws {
        let schedule = KeySchedule()
        let (client, server) = (try hex(trace.client), try hex(trace.server))
        #expect(try schedule.expanded(.aes128GCM, client, "key", count: 16) == hex(trace.clientKey))
        #expect(try schedule.expanded(.aes128GCM, server, "key", count: 16) == hex(trace.serverKey))
        // The server of section 3 has sent its ticket, in a record, before its data.
        var pair = RecordPair(
            .aes128GCM, clientSecret: client, serverSecret: server, serverWritten: trace.ticket == nil ? 0 : 1)
        if let data = trace.clientData {
            let bytes = try hex(data)
            #expect(pair.client.seal(Self.payload, pair.resources) == bytes)
            #expect(pair.server.open(bytes, pair.resources).0 == Self.payload)
        }
        if let data = trace.serverData {
            let bytes = try hex(data)
            #expect(pair.server.seal(Self.payload, pair.resources) == bytes)
            #expect(pair.client.open(bytes, pair.resources).0 == Self.payload)
        }
        let (first, second) = (pair.client.close(pair.resources), pair.server.close(pair.resources))
        #expect(try first == hex(trace.clientEnd))
        #expect(try second == hex(trace.serverEnd))
        #expect(pair.server.open(first, pair.resources).1.end == .peerFinished)
        #expect(pair.client.open(second, pair.resources).1.end == .peerFinished)
        let isFreed = pair.end()
        #expect(isFreed)
    }

    @Test("The ticket of section 3 is skipped, and the data after it is opened")
    func ticket() throws {
        let trace = Trace.section3
        var pair = RecordPair(.aes128GCM, clientSecret: try hex(trace.client), serverSecret: try hex(trace.server))
        let (nothing, result) = pair.client.open(try hex(trace.ticket ?? ""), pair.resources)
        #expect(nothing.isEmpty)
        #expect(result.end == .needsInput)
        #expect(pair.resources.counts.ticketsSkipped == 1)
        #expect(pair.client.open(try hex(trace.serverData ?? ""), pair.resources).0 == Self.payload)
        let isFreed = pair.end()
        #expect(isFreed)
    }
}

/// What a section of RFC 8448 has under application keys.
struct Trace: Sendable, CustomTestStringConvertible {
    let section: Int
    /// The application traffic secrets and the keys made of them.
    let client, server, clientKey, serverKey: String
    var ticket, clientData, serverData: String?
    let clientEnd, serverEnd: String

    var testDescription: String { "section \(section)" }

    static let all = [section3, section4, section5, section7]

    static let section3 = Trace(
        section: 3, client: "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5",
        server: "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643",
        clientKey: "17422dda596ed5d9acd890e3c63f5051", serverKey: "9f02283b6c9c07efc26bb9f2ac92e356",
        ticket: """
            17030300de3a6b8f90414a97d6959c3487680de5134a2b240e6cffac116e95d41d6af8f6b580dcf3d11d63c758db289a0159
            40252f55713e061dc13e078891a38efbcf5753ad8ef170ad3c7353d16d9da773b9ca7f2b9fa1b6c0d4a3d03f75e09c30ba1e
            62972ac46f75f7b981be63439b2999ce13064615139891d5e4c5b406f16e3fc181a77ca475840025db2f0a77f81b5ab05b94
            c01346755f69232c86519d86cbeeac87aac347d143f9605d64f650db4d023e70e952ca49fe5137121c74bc2697687e248746
            d6df353005f3bce18696129c8153556b3b6c6779b37bf15985684f
            """,
        clientData: """
            1703030043a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f2b9819a8a5b46b395bd54a9a20441e2b6297
            4e1f5a6292a2977014bd1e3deae63aeebb21694915e4
            """,
        serverData: """
            17030300432e937e11ef4ac740e538ad36005fc4a46932fc3225d05f82aa1b36e30efaf97d90e6dffc602dcb501a59a8fcc4
            9c4bf2e5f0a21c0047c2abf332540dd032e167c2955d
            """,
        clientEnd: "1703030013c9872760655666b74d7ff1153efd6db6d0b0e3",
        serverEnd: "1703030013b58fd67166ebf599d24720cfbe7efa7a8864a9")

    static let section4 = Trace(
        section: 4, client: "2abbf2b8e381d23dbebe1dd2a7d16a8bf484cb4950d23fb7fb7fa8547062d9a1",
        server: "cc21f1bf8feb7dd5fa505bd9c4b468a9984d554a993dc49e6d285598fb672691",
        clientKey: "3cf122f301c6358ca7989553250efd72", serverKey: "e857c690a34c5a9129d833619684f95e",
        clientData: """
            1703030043b1cebce242aa201be9ae5e1cb2a9aa4b33d4e866af1edb068919237741aa031d7a74d491c99b9d4e232b74206b
            c6fbaa04fe78be44a9b4f54320a17eb76992afac3103
            """,
        serverData: """
            1703030043275e9f20acff57bc000657d3867df039cccf79047884cf75771746f740b5a83f462a0954c3581393a203a25a7d
            d14141ef1a37900cdb62ff62dee1ba39ab2590cbf194
            """,
        clientEnd: "17030300130facce3246bdfc6369838d6a82ae6de5d422dc",
        serverEnd: "17030300135b18af444e8e1eec7158fb62d8f2577d37ba5d")

    static let section5 = Trace(
        section: 5, client: "75ecf4b972525aa0dcd057c9944d4cd5d82671d8843141d7dc2a4ff15a21dc51",
        server: "5c74f87df04225db0f8209c9de6429e49435fdefa7cad61864874d12f31cfc8d",
        clientKey: "a7eb2a0525eb4331d58fcbf9f7ca2e9c", serverKey: "f27a5d97bd25550c4823b0f3e5d29388",
        clientEnd: "17030300132ea6cdf749196023e2b3a49491695536426047",
        serverEnd: "1703030013519fc5075cb0884349759ff9ef6f011bb4c6f2")

    static let section7 = Trace(
        section: 7, client: "743e4c6b56cf3909d1b06d01956ccd2c4b37758449aec41d98dae44924eaa299",
        server: "b6b8144aa335ed3059c0c9c8f0ecabf7afc94af6643bdecdfd9210188fab7451",
        clientKey: "33d7f9709756c966488ad4438437e673", serverKey: "edc4cbd0041c28cc7167441d7ca53e6a",
        clientEnd: "17030300130f629155382dba23c4e2c5f7f84e6f2ed3083d",
        serverEnd: "1703030013b7257b0fecaf69d4f09e3f891e2a25d1e28845")
}

/// The bytes of a text of hexadecimal digits; line breaks and blanks are skipped.
func hex(_ text: String) throws -> [UInt8] {
    let digits = try text.utf8.filter { $0 > 0x20 }.map { try #require($0.hexadecimalValue) }
    return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}
