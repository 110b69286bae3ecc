/// Writes tar archives field by field, so that tests can get each of them wrong.
struct TarMaker {
    var bytes: [UInt8] = []

    mutating func add(
        _ path: String, type: Character = "0", mode: Int = 0o644, link: String = "", content: [UInt8] = [],
        declared: Int? = nil, checksumOff: Int = 0, prefix: String = "", magic: String = "ustar\u{0}00"
    ) {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at index: Int) {
            for (offset, byte) in text.utf8.enumerated() { header[index + offset] = byte }
        }
        put(path, at: 0)
        put(octal(mode, 7), at: 100)
        put(octal(0, 7), at: 108)
        put(octal(0, 7), at: 116)
        put(octal(declared ?? content.count, 11), at: 124)
        put(octal(0, 11), at: 136)
        put(String(type), at: 156)
        put(link, at: 157)
        put(magic, at: 257)
        put(prefix, at: 345)
        put("        ", at: 148)
        put(octal(header.reduce(0) { $0 + Int($1) } + checksumOff, 6) + "\u{0}", at: 148)
        bytes += header + content
        bytes += [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }

    /// A record of pax headers for the next entry.
    mutating func addPax(_ records: [(String, String)], type: Character = "x") {
        var content = ""
        for (key, value) in records {
            let body = " \(key)=\(value)\n"
            var length = body.utf8.count + 1
            while "\(length)".utf8.count + body.utf8.count != length { length += 1 }
            content += "\(length)\(body)"
        }
        add("PaxHeaders/x", type: type, content: Array(content.utf8))
    }

    mutating func end() { bytes += [UInt8](repeating: 0, count: 1_024) }

    static func of(_ build: (inout TarMaker) -> Void) -> [UInt8] {
        var maker = TarMaker()
        build(&maker)
        maker.end()
        return maker.bytes
    }

    private func octal(_ number: Int, _ digits: Int) -> String {
        let text = String(number, radix: 8)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}

/// Writes zip archives without compression, so that tests can get each field wrong.
struct ZipMaker {
    var locals: [UInt8] = []
    var directory: [UInt8] = []
    var count = 0

    mutating func add(
        _ name: String, mode: Int = 0o100644, content: [UInt8] = [], flags: Int = 0, method: Int = 0,
        listedName: String? = nil, unpacked: Int? = nil, listedSize: Int? = nil
    ) {
        let size = unpacked ?? content.count
        locals += little(0x0403_4B50, 4) + little(20, 2) + little(flags, 2) + little(method, 2) + little(0, 8)
        locals += little(content.count, 4) + little(size, 4) + little(name.utf8.count, 2) + little(0, 2)
        locals += Array(name.utf8) + content
        let listed = listedName ?? name
        directory += little(0x0201_4B50, 4) + [20, 3] + little(20, 2) + little(flags, 2) + little(method, 2)
        directory += little(0, 8) + little(content.count, 4) + little(listedSize ?? size, 4)
        directory += little(listed.utf8.count, 2) + little(0, 8) + little(mode << 16, 4) + little(0, 4)
        directory += Array(listed.utf8)
        count += 1
    }

    func bytes(comment: String = "", claimed: Int? = nil) -> [UInt8] {
        let end =
            little(0x0605_4B50, 4) + little(0, 4) + little(claimed ?? count, 2) + little(claimed ?? count, 2)
            + little(directory.count, 4) + little(locals.count, 4) + little(comment.utf8.count, 2) + Array(comment.utf8)
        return locals + directory + end
    }

    private func little(_ number: Int, _ bytes: Int) -> [UInt8] {
        (0..<bytes).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }
}
