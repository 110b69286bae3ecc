import OpAMP
import OrderedCollections
import Testing

/// The rules of Protocol Buffers that random messages of one encoder do not show.
@Suite("Decoding follows Protocol Buffers' rules")
struct DecodingRuleTests {
    @Test("Empty bytes are a message with nothing in it")
    func empty() throws {
        #expect(try AgentToServer(decoding: []) == AgentToServer())
        #expect(try ServerToAgent(decoding: []) == ServerToAgent())
    }

    @Test("The last of several plain fields counts")
    func lastWins() throws {
        #expect(try AgentToServer(decoding: [0x10, 1, 0x10, 2, 0x10, 3]).sequenceNumber == 3)
        #expect(try Header(decoding: [0x0A, 1, 0x61, 0x0A, 1, 0x62]).key == "b")
        #expect(try CertificateRequest(decoding: [0x0A, 1, 7, 0x0A, 0]).csr == [])
    }

    @Test("A sub-message that comes in parts is merged: fields replaced, lists joined, map entries added")
    func merged() throws {
        var bytes = AgentToServer(
            health: ComponentHealth(
                healthy: true, status: "starting", componentHealthMap: ["a": ComponentHealth(status: "1")],
                attributes: [KeyValue("x", "1")])
        ).encoded()
        bytes += AgentToServer(
            health: ComponentHealth(
                status: "ok",
                componentHealthMap: ["b": ComponentHealth(status: "2"), "a": ComponentHealth(status: "3")],
                attributes: [KeyValue("y", "2")])
        ).encoded()
        let health = try AgentToServer(decoding: bytes).health
        #expect(
            health
                == ComponentHealth(
                    healthy: true, status: "ok",
                    componentHealthMap: ["a": ComponentHealth(status: "3"), "b": ComponentHealth(status: "2")],
                    attributes: [KeyValue("x", "1"), KeyValue("y", "2")]))
        #expect(try AgentToServerView(bytes.span.bytes).health() == health)
        #expect(try AgentToServerView(bytes.span.bytes).isHealthy == true)
    }

    @Test("A map's entry may lack its key or its value, have them in any order and more than once")
    func mapEntries() throws {
        // Each case: the entry's bytes in `PackageStatuses.packages`, and what it puts into the map.
        let cases: [([UInt8], String, PackageStatus)] = [
            ([], "", PackageStatus()),
            ([0x0A, 1, 0x61], "a", PackageStatus()),
            ([0x12, 3, 0x0A, 1, 0x6E], "", PackageStatus(name: "n")),
            ([0x12, 3, 0x0A, 1, 0x6E, 0x0A, 1, 0x61], "a", PackageStatus(name: "n")),
            ([0x0A, 1, 0x62, 0x0A, 1, 0x61], "a", PackageStatus()),
            ([0x12, 3, 0x0A, 1, 0x6E, 0x12, 3, 0x12, 1, 0x76], "", PackageStatus(name: "n", agentHasVersion: "v")),
            ([0x18, 5, 0x0A, 1, 0x61, 0x08, 7], "a", PackageStatus()),
        ]
        for (entry, key, value) in cases {
            let decoded = try PackageStatuses(decoding: [0x0A, UInt8(entry.count)] + entry)
            #expect(decoded.packages == [key: value], "entry \(entry)")
        }
    }

    @Test("A later entry of a map replaces an earlier one with the same key", arguments: [1, 5, 15, 16, 17, 40])
    func laterEntryReplaces(count: Int) throws {
        var bytes: [UInt8] = []
        for round in 0..<2 {
            var map: OrderedDictionary<String, AgentConfigFile> = [:]
            for index in 0..<count { map["file-\(index)"] = AgentConfigFile(body: [UInt8(round)]) }
            AgentConfigMap(configMap: map).encode(appendingTo: &bytes)
        }
        let map = try AgentConfigMap(decoding: bytes).configMap
        #expect(map.keys.elements == (0..<count).map { "file-\($0)" })
        #expect(map.values.allSatisfy { $0.body == [1] })
    }

    @Test("The members of a oneof replace one another; the same list again is added to")
    func oneof() throws {
        let text: [UInt8] = [0x0A, 1, 0x61]
        let number: [UInt8] = [0x18, 5]
        let list = AnyValue.array(ArrayValue(values: [.int(1)])).encoded()
        #expect(try AnyValue(decoding: text + number) == .int(5))
        #expect(try AnyValue(decoding: number + text) == .string("a"))
        #expect(try AnyValue(decoding: list + list) == [1, 1])
        #expect(try AnyValue(decoding: list + text + list) == [1])
        #expect(try AnyValue(decoding: [0x0A, 0]) == .string(""))
        #expect(try AnyValue(decoding: []) == .null)
        let empty: [UInt8] = [0x10, 0]
        #expect(try AnyValue(decoding: empty) == .bool(false))
        #expect(AnyValue.bool(false).encoded() == empty)
    }

    @Test("A field laid out in another way than its kind asks for is unknown, packed numbers among them")
    func otherLayouts() throws {
        let cases: [[UInt8]] = [
            [0x12, 2, 1, 2],  // the sequence number as packed numbers
            [0x11, 1, 2, 3, 4, 5, 6, 7, 8], [0x15, 1, 2, 3, 4],  // as fixed numbers
            [0x08, 1],  // the instance uid as a number
            [0x28, 1], [0x2B, 0x2C],  // the health as a number and as a group
        ]
        for bytes in cases {
            var report = AgentToServer()
            let unknown = try report.merge(decoding: bytes.span.bytes, limits: .default)
            #expect(report == AgentToServer() && unknown == 1, "\(bytes)")
            let view = try AgentToServerView(bytes.span.bytes)
            #expect(view.present == [] && view.unknownFieldCount == 1, "\(bytes)")
        }
    }

    @Test("Unknown fields of every layout are skipped and counted, at any depth")
    func unknownFields() throws {
        let unknown: [UInt8] =
            [0xA0, 0x06, 0x96, 0x01] + [0xA1, 0x06, 1, 2, 3, 4, 5, 6, 7, 8] + [0xA2, 0x06, 2, 9, 9]
            + [0xA3, 0x06, 0x08, 1, 0x0B, 0x10, 1, 0x0C, 0xA4, 0x06] + [0xA5, 0x06, 1, 2, 3, 4]
        let health = unknown + [0x08, 1]
        let bytes = unknown + [0x10, 7] + [0x2A, UInt8(health.count)] + health
        var report = AgentToServer()
        let count = try report.merge(decoding: bytes.span.bytes, limits: .default)
        #expect(report == AgentToServer(sequenceNumber: 7, health: ComponentHealth(healthy: true)))
        #expect(count == 10)
        #expect(try AgentToServerView(bytes.span.bytes).unknownFieldCount == 10)
    }

    @Test("Values that an enum does not name are kept", arguments: [-1, 4, 1000, Int32.max, Int32.min])
    func unknownEnumValues(value: Int32) throws {
        let status = RemoteConfigStatus(status: RemoteConfigStatuses(rawValue: value))
        #expect(status.status == .unrecognized(value))
        #expect(try RemoteConfigStatus(decoding: status.encoded()) == status)
    }

    @Test("A number of more than 32 bits in an enum's field is cut to 32, as other decoders do")
    func wideEnum() throws {
        #expect(try ServerToAgentCommand(decoding: [0x08, 0x83, 0x80, 0x80, 0x80, 0x10]).type == .unrecognized(3))
    }

    @Test("Bits that an option set does not name are kept")
    func unknownBits() throws {
        let report = AgentToServer(capabilities: AgentCapabilities(rawValue: .max), flags: .init(rawValue: 1 << 63))
        #expect(try AgentToServer(decoding: report.encoded()) == report)
    }

    @Test("An entry replaces the one before with an equal key, also where the texts are equal and their bytes are not")
    func equalKeys() throws {
        // "K" and the Kelvin sign, "é" in one scalar and in two: Swift's texts are equal by canonical equivalence.
        for (first, second) in [("a", "a"), ("K", "\u{212A}"), ("\u{212A}", "K"), ("\u{E9}", "e\u{301}")] {
            var bytes: [UInt8] = []
            for (key, health) in [
                (first, ComponentHealth(status: "old", attributes: [KeyValue("a", "1")])), ("other", ComponentHealth()),
                (second, ComponentHealth(healthy: true)),
            ] {
                bytes += ComponentHealth(componentHealthMap: [key: health]).encoded()
            }
            let map = try ComponentHealth(decoding: bytes).componentHealthMap
            #expect(map == [first: ComponentHealth(healthy: true), "other": ComponentHealth()], "\(first) \(second)")
        }
    }
}
