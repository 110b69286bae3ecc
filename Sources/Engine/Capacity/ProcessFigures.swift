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

    /// The figures of this moment. Tens of microseconds, more with many open files: for reports, once a second or so.
    public static func current() -> ProcessFigures {
        var usage = CLinuxUsage()
        clinux_usage(&usage)
        return ProcessFigures(
            userTime: .microseconds(usage.user_microseconds), systemTime: .microseconds(usage.system_microseconds),
            residentBytes: residentBytes(), peakResidentBytes: Int(usage.peak_resident_kibibytes) * 1024,
            allocatedBytes: Int(clamping: clinux_malloc_in_use()), openDescriptors: countDescriptors())
    }

    private static func residentBytes() -> Int {
        // /proc/self/statm: size, resident, … in pages.
        guard let fields = SystemFile.read("/proc/self/statm")?.split(separator: " "), fields.count > 1 else {
            return 0
        }
        return (Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    private static func countDescriptors() -> Int {
        guard let directory = opendir("/proc/self/fd") else { return 0 }
        defer { closedir(directory) }
        var count = 0
        while let entry = readdir(directory) {
            if entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { count += 1 }
        }
        // One is the directory's own.
        return max(0, count - 1)
    }
}

/// Small text files of /proc and /sys.
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
}
