public import Basis
import Glibc

/// A process of this machine whose resources are watched: the server beside a run. Read from `/proc`; the process
/// itself does nothing for it.
public struct WatchedProcess: Hashable, Sendable {
    public let pid: Int32
    /// The name of its program.
    public let name: String
    /// When it began, in ticks since the start of the system: another process may get its number later.
    private let began: UInt64

    /// What it has used until now, and what it holds.
    public struct Figures: Hashable, Sendable {
        /// Processor time, user and system, of all its threads; to a hundredth of a second.
        public var cpu: Nanoseconds
        public var residentBytes: UInt64
        public var threads: Int
        /// Open file descriptors, and how many of them are sockets; nil where another user's are not shown.
        public var descriptors: Int?

        public init(cpu: Nanoseconds, residentBytes: UInt64, threads: Int, descriptors: Int?) {
            self.cpu = cpu
            self.residentBytes = residentBytes
            self.threads = threads
            self.descriptors = descriptors
        }
    }

    /// - Returns: nil where there is no such process.
    public init?(pid: Int32) {
        guard pid > 0, let status = Self.status(pid), let began = status.number(19) else { return nil }
        self.pid = pid
        name = status.name
        self.began = began
    }

    /// The process of this machine that listens on a TCP port; nil where there is none, or it is another user's.
    ///
    /// Looks at every process once: some milliseconds.
    public static func listening(on port: UInt16) -> WatchedProcess? {
        let sockets = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap { listeners($0, port) }
        guard !sockets.isEmpty else { return nil }
        let links = Set(sockets.map { "socket:[\($0)]" })
        return entries("/proc").lazy.compactMap { Int32($0) }
            .first { pid in
                entries("/proc/\(pid)/fd").contains { links.contains(link("/proc/\(pid)/fd/\($0)")) }
            }
            .flatMap { WatchedProcess(pid: $0) }
    }

    /// The figures of this moment; nil where the process has ended. Tens of microseconds, more with many open files.
    public func figures() -> Figures? {
        guard let status = Self.status(pid), status.number(19) == began, let user = status.number(11),
            let system = status.number(12), let threads = status.number(17), let pages = status.number(21)
        else { return nil }
        let descriptors = SystemFile.openDescriptors(of: "\(pid)")
        let ticks = max(UInt64(sysconf(Int32(_SC_CLK_TCK))), 1)
        return Figures(
            cpu: Nanoseconds(seconds: Double(user + system) / Double(ticks)),
            residentBytes: pages * UInt64(sysconf(Int32(_SC_PAGESIZE))), threads: Int(threads),
            descriptors: descriptors > 0 ? descriptors : nil)
    }

    /// `/proc/PID/stat`: the name in parentheses, which may hold anything, and the fields after it.
    struct Status {
        let name: String
        private let fields: [Substring]

        init?(_ text: String) {
            guard let open = text.firstIndex(of: "("), let close = text.lastIndex(of: ")"), open < close else {
                return nil
            }
            name = String(text[text.index(after: open)..<close])
            fields = text[text.index(after: close)...].split(separator: " ")
        }

        /// A field by its place after the name, from 0.
        func number(_ place: Int) -> UInt64? { fields.indices.contains(place) ? UInt64(fields[place]) : nil }
    }

    private static func status(_ pid: Int32) -> Status? {
        SystemFile.read("/proc/\(pid)/stat").flatMap { Status($0) }
    }

    /// The inodes of the sockets that listen on a port, in the format of `/proc/net/tcp`.
    static func listeners(_ path: String, _ port: UInt16) -> [String] {
        guard let file = fopen(path, "re") else { return [] }
        defer { fclose(file) }
        var inodes: [String] = []
        var buffer = [CChar](repeating: 0, count: 512)
        // Listening sockets come first: a table of connections behind them is not read to its end.
        var others = 0
        while others < 1_000, fgets(&buffer, Int32(buffer.count), file) != nil {
            let line = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let fields = line.split(whereSeparator: \.isWhitespace)
            guard fields.count > 9, fields[3] == "0A" else {
                others += 1
                continue
            }
            let local = fields[1].split(separator: ":")
            if local.count == 2, UInt16(local[1], radix: 16) == port { inodes.append(String(fields[9])) }
        }
        return inodes
    }

    private static func entries(_ path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }

    private static func link(_ path: String) -> String {
        var buffer = [CChar](repeating: 0, count: 128)
        let count = readlink(path, &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(count, 0)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
