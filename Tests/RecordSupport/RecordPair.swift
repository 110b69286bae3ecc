package import Basis
package import TLSRecords

/// Two record layers that share their secrets: what one seals the other opens.
package struct RecordPair: ~Copyable {
    package var client: RecordLayer
    package var server: RecordLayer
    package let resources: RecordResources

    package init(
        _ suite: RecordSuite, clientSecret: [UInt8], serverSecret: [UInt8], serverWritten: UInt64 = 0,
        maxFragment: Int = 16_384, limitShift: UInt8 = 24, serverLimitShift: UInt8? = nil, byEVP: Bool = false
    ) {
        resources = RecordResources(byEVP: byEVP)
        client = RecordLayer(
            suite, isServer: false, writeSecret: clientSecret, readSecret: serverSecret, written: 0,
            read: serverWritten, maxFragment: maxFragment, limitShift: limitShift, resources)
        server = RecordLayer(
            suite, isServer: true, writeSecret: serverSecret, readSecret: clientSecret, written: serverWritten,
            read: 0, maxFragment: maxFragment, limitShift: serverLimitShift ?? limitShift, resources)
    }

    package init(
        _ suite: RecordSuite, maxFragment: Int = 16_384, limitShift: UInt8 = 24, serverLimitShift: UInt8? = nil,
        _ random: inout SeededRandom
    ) {
        let client = random.bytes(suite.secretBytes)
        self.init(
            suite, clientSecret: client, serverSecret: random.bytes(suite.secretBytes), maxFragment: maxFragment,
            limitShift: limitShift, serverLimitShift: serverLimitShift)
    }

    /// Ends both; answers whether all memory was given back.
    package consuming func end() -> Bool {
        let resources = resources
        client.end(resources)
        server.end(resources)
        return resources.connections == 0 && resources.bytesInPieces == 0
    }
}

extension RecordLayer {
    /// Opens `bytes`; answers the application data and how it ended.
    package mutating func open(_ bytes: [UInt8], room: Int = 100_000, _ resources: RecordResources) -> (
        [UInt8], OpenedRecords
    ) {
        var target = [UInt8](repeating: 0, count: room)
        var span = target.mutableSpan
        var room = span.mutableBytes
        let result = open(bytes.span.bytes, into: &room, resources)
        return (Array(target[0..<result.plaintext]), result)
    }

    /// Seals all of `bytes`; answers what was sealed before writing ended.
    package mutating func seal(
        _ bytes: [UInt8], padding: Int = 0, room: Int = 100_000, _ resources: RecordResources
    ) -> [UInt8] {
        var sealed: [UInt8] = []
        var position = 0
        repeat {
            var target = [UInt8](repeating: 0, count: room)
            var span = target.mutableSpan
            var bytesOut = span.mutableBytes
            let rest = bytes.span.bytes.extracting(position..<bytes.count)
            guard let (taken, made) = seal(rest, padding: padding, into: &bytesOut, resources), made > 0 else { break }
            sealed += target[0..<made]
            position += taken
        } while position < bytes.count
        return sealed
    }

    package mutating func control(_ resources: RecordResources) -> [UInt8] {
        var target = [UInt8](repeating: 0, count: Self.controlRoom)
        var span = target.mutableSpan
        var room = span.mutableBytes
        let count = control(into: &room, resources)
        return Array(target[0..<count])
    }

    package mutating func close(_ resources: RecordResources) -> [UInt8] {
        var target = [UInt8](repeating: 0, count: Self.controlRoom)
        var span = target.mutableSpan
        var room = span.mutableBytes
        let count = close(into: &room, resources)
        return Array(target[0..<count])
    }

    package mutating func update(requesting: Bool, _ resources: RecordResources) -> [UInt8] {
        var target = [UInt8](repeating: 0, count: Self.controlRoom)
        var span = target.mutableSpan
        var room = span.mutableBytes
        let count = update(requesting: requesting, into: &room, resources)
        return Array(target[0..<count])
    }

    /// A record of any type and content.
    package mutating func record(
        _ type: UInt8, _ content: [UInt8], padding: Int = 0, _ resources: RecordResources
    ) -> [UInt8] {
        var target = [UInt8](repeating: 0, count: content.count + padding + Self.overhead)
        var span = target.mutableSpan
        var room = span.mutableBytes
        _ = sealRecord(type, content.span.bytes, padding: padding, into: &room, at: 0, resources)
        return target
    }
}

extension SeededRandom {
    package mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next() >> 24) }
    }
}
