// Invariants: the kernel lays the arguments out between the addresses `arg_start` and `arg_end` of `/proc/self/stat`
// (proc(5)), one after the other, each ended by a zero byte. That memory belongs to the process and stays writable and
// in place until it ends. Only bytes between the two addresses are written, and never a zero byte.
import Basis

/// The arguments of this process as everybody on the machine reads them in `/proc/PID/cmdline` and with `ps`.
public enum ProcessArguments {
    /// Overwrites parts of the arguments. What reads them in this process must have read them before.
    /// - Parameter secrets: of the arguments, from the program's name on, the parts to overwrite, in bytes.
    /// - Returns: whether they could be found.
    @discardableResult
    public static func overwrite(_ secrets: ([[UInt8]]) -> [[Range<Int>]]) -> Bool {
        guard let (start, end) = bounds(), let memory = UnsafeMutableRawPointer(bitPattern: start) else { return false }
        let bytes = UnsafeMutableRawBufferPointer(start: memory, count: Int(end - start))
        let arguments = bytes.split(separator: 0, omittingEmptySubsequences: false)
        for (argument, ranges) in zip(arguments, secrets(arguments.map { Array($0) })) {
            for offset in ranges.joined() where offset < argument.count {
                bytes[argument.startIndex + offset] = UInt8(ascii: "x")
            }
        }
        return true
    }

    /// The 48th and 49th field of `/proc/self/stat`; the second, the program's name, may hold spaces.
    private static func bounds() -> (start: UInt, end: UInt)? {
        guard let text = try? Files.text("/proc/self/stat", limit: 64 << 10),
            let name = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[name...].split { $0 == " " || $0 == "\n" }
        guard fields.count > 47, let start = UInt(fields[46]), let end = UInt(fields[47]), start > 0, start < end,
            end - start < 16 << 20
        else { return nil }
        return (start, end)
    }
}
