import Engine
import Foundation

/// The resident memory of the test process before and after one row of a table of hostile behaviour, as a line of the
/// file that `MUSTER_MEMORY_TABLE` names. Without that variable it does nothing. The figures mean something where
/// nothing else runs: `--filter 'Hostile.*Tests' --no-parallel`.
public struct MemoryRow: Sendable {
    private let name: String
    private let path: String
    private let before: ProcessFigures

    /// - Returns: nil where no table is asked for.
    public init?(_ name: String) {
        guard let path = ProcessInfo.processInfo.environment["MUSTER_MEMORY_TABLE"] else { return nil }
        (self.name, self.path, before) = (name, path, ProcessFigures.current())
    }

    /// Writes `name`, then the memory before, after, and how far the peak of the process rose meanwhile, in MiB.
    public func end() {
        let after = ProcessFigures.current()
        let figures = [before.residentBytes, after.residentBytes, after.peakResidentBytes - before.peakResidentBytes]
        let line = ([name] + figures.map { String(format: "%.1f", Double($0) / 1_048_576) }).joined(separator: "\t")
        guard let file = FileHandle(forWritingAtPath: path) ?? Self.created(path) else { return }
        defer { try? file.close() }
        _ = try? file.seekToEnd()
        try? file.write(contentsOf: Data((line + "\n").utf8))
    }

    private static func created(_ path: String) -> FileHandle? {
        guard FileManager.default.createFile(atPath: path, contents: nil) else { return nil }
        return FileHandle(forWritingAtPath: path)
    }
}
