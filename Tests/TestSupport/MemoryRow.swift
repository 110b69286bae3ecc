import Engine
import Foundation

/// The resident memory of the test process before and after one row of a table of hostile behaviour, as a line of the
/// file that `MUSTER_MEMORY_TABLE` names. Without that variable it does nothing. The figures mean something where
/// nothing else runs: `--filter 'Hostile.*Tests' --no-parallel`.
public struct MemoryRow: Sendable {
    private let name: String
    private let counter: String
    private let path: String
    private let before: ProcessFigures

    /// - Parameter counter: what counts the behaviour; empty where nothing wrong has been done.
    /// - Returns: nil where no table is asked for.
    public init?(_ name: String, counter: String) {
        guard let path = ProcessInfo.processInfo.environment["MUSTER_MEMORY_TABLE"] else { return nil }
        (self.name, self.counter, self.path) = (name, counter, path)
        before = ProcessFigures.current()
    }

    /// Writes `name` and `counter`, then the memory before, after, and how far the peak of the process rose meanwhile,
    /// in MiB.
    public func end() {
        let after = ProcessFigures.current()
        let figures = [before.residentBytes, after.residentBytes, after.peakResidentBytes - before.peakResidentBytes]
        let columns = [name, counter] + figures.map { String(format: "%.1f", Double($0) / 1_048_576) }
        let line = columns.joined(separator: "\t")
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
