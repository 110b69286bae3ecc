public import Basis
import CLinux
import Glibc

/// The resources that this process has used until now, and those that it holds.
public struct ProcessFigures: Hashable, Sendable {
    /// CPU time in its own code.
    public var userTime: Nanoseconds
    /// CPU time in the kernel on its behalf.
    public var systemTime: Nanoseconds
    /// Memory present in RAM, bytes.
    public var residentBytes: Int
    /// The most it ever was, bytes.
    public var peakResidentBytes: Int
    /// Bytes handed out by malloc and not freed: user-space memory, without what the kernel holds for sockets.
    public var allocatedBytes: Int
    /// Open file descriptors.
    public var openDescriptors: Int

    /// CPU time in all.
    public var cpuTime: Nanoseconds { userTime + systemTime }

    /// The figures of this moment, for reports once a second or so. Tens of microseconds; before Linux 6.2 more with
    /// many open files.
    public static func current() -> ProcessFigures {
        var usage = CLinuxUsage()
        clinux_usage(&usage)
        return ProcessFigures(
            userTime: .microseconds(usage.user_microseconds), systemTime: .microseconds(usage.system_microseconds),
            residentBytes: residentBytes(), peakResidentBytes: Int(usage.peak_resident_kibibytes) * 1024,
            allocatedBytes: Int(clamping: clinux_malloc_in_use()),
            openDescriptors: SystemFile.openDescriptors(of: "self"))
    }

    private static func residentBytes() -> Int {
        // /proc/self/statm: size, resident, … in pages.
        guard let fields = SystemFile.read("/proc/self/statm")?.split(separator: " "), fields.count > 1 else {
            return 0
        }
        return (Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}

/// What /proc and /sys say: small text files, and how many descriptors are open.
enum SystemFile {
    /// They are a line or two; more is not one of them.
    private static let sizeLimit = 4096

    /// The file's text; nil where it cannot be read.
    static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return withUnsafeTemporaryAllocation(byteCount: sizeLimit, alignment: 1) { buffer in
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            guard count >= 0 else { return nil }
            return String(decoding: UnsafeRawBufferPointer(rebasing: buffer[0..<count]), as: UTF8.self)
        }
    }
    /// How many files a process has open; 0 where that is not shown to this user.
    /// - Parameter process: its number, or `self`.
    ///
    /// Linux 6.2 and later give the number as the directory's size. Before, each entry is counted.
    static func openDescriptors(of process: String) -> Int {
        let path = "/proc/\(process)/fd"
        var facts = stat()
        if stat(path, &facts) == 0, facts.st_size > 0 { return Int(facts.st_size) }
        return countedDescriptors(path)
    }

    /// One entry a descriptor; the one by which this process reads the directory is not counted.
    static func countedDescriptors(_ path: String) -> Int {
        guard let directory = opendir(path) else { return 0 }
        defer { closedir(directory) }
        let own = path == "/proc/self/fd" ? 1 : 0
        var count = 0
        while let entry = readdir(directory) {
            if entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { count += 1 }
        }
        return max(0, count - own)
    }
}
