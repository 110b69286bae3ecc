import Basis
import ControlPlane
import Engine
import Packages
import Transport

/// Package files: GET and HEAD with ranges (RFC 9110, section 14), entity tags and their conditions (section 13).
extension ServerLink {
    func answer(_ head: HTTPRequestHead, from store: PackageStore, _ reading: RequestReading) {
        let nothing: [UInt8] = []
        guard head.method == .get || head.method == .head else {
            return respond(405, fields: ServerLink.allowReading, body: nothing.span.bytes, reading)
        }
        if !reading.fetchesFiles {
            reading.fetchesFiles = true
            host.wireCounts.fileConnections += 1
        }
        if host.wire.fileCredentials?.admit(head.fields) == false {
            host.wireCounts.filesUnauthorized += 1
            return respondToRead(401, ServerLink.challenge, length: 0, head, reading)
        }
        guard let file = store.file(target: head.target) else {
            return respondToRead(404, HTTPFields(), length: 0, head, reading)
        }
        var fields = HTTPFields()
        // Numbers, dates and our own tags are valid field values.
        try? fields.append("Accept-Ranges", "bytes")
        try? fields.append("ETag", file.tag)
        if let changed = file.changed { try? fields.append("Last-Modified", HTTPDate.text(unixSeconds: changed)) }
        if let known = head.fields["If-None-Match"], ServerLink.names(known, file.tag) {
            return respondToRead(304, fields, length: nil, head, reading)
        }
        try? fields.append("Content-Type", "application/octet-stream")
        var range = 0..<file.size
        var status: UInt16 = 200
        // A range is only asked for with GET (RFC 9110, section 14.2), and of the very file that the client knows.
        if head.method == .get, ServerLink.stillHolds(head.fields["If-Range"], for: file) {
            switch RangeRequest(head.fields["Range"], size: file.size) {
            case .whole: break
            case .part(let part):
                (range, status) = (part, 206)
                try? fields.append("Content-Range", "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(file.size)")
            case .unsatisfiable:
                try? fields.append("Content-Range", "bytes */\(file.size)")
                return respondToRead(416, fields, length: 0, head, reading)
            }
        }
        guard head.method == .get else { return respondToRead(200, fields, length: file.size, head, reading) }
        guard let reader = try? FileReader(file, at: range.lowerBound) else {
            return respondToRead(500, HTTPFields(), length: 0, head, reading)
        }
        HTTPWriter.appendResponse(
            status, fields: fields, contentLength: range.count, keepAlive: reading.keepsAlive, to: &host.output)
        sending = FileSending(reader, count: range.count, flaws: store.flaws, breaks: host.breaksOff(store.flaws))
        flush()
        goOnSending()
    }

    /// Continues to send until the client has enough to read for now.
    func goOnSending() {
        guard let sending else { return }
        guard shard.now >= sending.resumeAt else { return setTimer(at: sending.resumeAt) }
        var pieces = 0
        while sending.remaining > 0 {
            if sending.breakAfter == 0 { return breakOff() }
            guard waitingBytes == 0 else { return }
            // Others on the shard have their turn too.
            guard pieces < ServerLink.piecesPerTurn else { return setTimer(at: shard.now) }
            let wanted = min(FileReader.piece, sending.remaining, sending.breakAfter ?? .max)
            guard let piece = try? sending.reader.read(wanted), !piece.isEmpty else { return breakOff() }
            sending.remaining -= piece.count
            if let left = sending.breakAfter { sending.breakAfter = left - piece.count }
            pieces += 1
            write(piece.span.bytes)
            guard isOpen else { return }
            // The client sends nothing during a file; it must read what it is sent.
            idleTimeout = host.wire.readTimeout
            sending.resumeAt = sending.pace.spend(piece.count, at: shard.now)
            if sending.resumeAt > shard.now {
                // The pause is ours.
                idleTimeout = nil
                return setTimer(at: sending.resumeAt)
            }
        }
        host.wireCounts.filesSent += 1
        self.sending = nil
        idleTimeout = ServerLink.requestTimeout
        guard case .http(let reading) = stage else { return }
        reading.isAnswering = false
        guard reading.keepsAlive else { return leave() }
        if !reading.held.isEmpty { setTimer(at: shard.now) }
    }

    /// In the middle of a file: on purpose, or because the file has become shorter.
    private func breakOff() {
        sending = nil
        reading?.keepsAlive = false
        leave()
    }

    private var reading: RequestReading? {
        if case .http(let reading) = stage { reading } else { nil }
    }

    /// A response without a body, as HEAD has them, and errors.
    private func respondToRead(
        _ status: UInt16, _ fields: HTTPFields, length: Int?, _ head: HTTPRequestHead, _ reading: RequestReading
    ) {
        HTTPWriter.appendResponse(
            status, fields: fields, contentLength: length, keepAlive: reading.keepsAlive, to: &host.output)
        reading.isAnswering = false
        guard reading.keepsAlive else { return leave() }
        flush()
        if !reading.held.isEmpty { setTimer(at: shard.now) }
    }

    private static func stillHolds(_ condition: String?, for file: StoredFile) -> Bool {
        guard let condition else { return true }
        if condition == file.tag { return true }
        guard let changed = file.changed, let date = HTTPDate.unixSeconds(condition) else { return false }
        return date == changed
    }

    private static func names(_ list: String, _ tag: String) -> Bool {
        list == "*"
            || list.split(separator: ",").contains { element in
                let text = element.drop { $0 == " " }
                return (text.hasPrefix("W/") ? text.dropFirst(2) : text).prefix { $0 != " " } == tag
            }
    }

    /// Pieces of 64 KiB that one client is sent before the shard looks at its other sockets.
    private static let piecesPerTurn = 8

    private static let allowReading: HTTPFields = {
        var fields = HTTPFields()
        try? fields.append("Allow", "GET, HEAD")
        return fields
    }()
}

extension ServerHost {
    /// Whether this download is one of those that are broken off on purpose.
    func breaksOff(_ flaws: PackageStore.Flaws) -> Bool {
        flaws.breakShare > 0 && flawRandom.chance(flaws.breakShare)
    }
}
