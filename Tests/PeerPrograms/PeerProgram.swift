import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A program of this machine that a test runs: no thread waits for it, and it ends in any case.
package final class PeerProgram: Sendable {
    /// What a program ended with.
    package struct End: Sendable {
        package let status: Int32
        /// Standard output and standard error, as they came.
        package let output: String
    }

    private struct State {
        var isOver = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let process = Process()
    private let output: URL
    private let state = Mutex(State())

    /// The first of some names that is a program here, in the folders where such programs are.
    package static func path(_ names: String...) -> String? {
        let folders = ["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin", "/usr/local/sbin"]
        let paths = names.flatMap { name in folders.map { "\($0)/\(name)" } }
        return paths.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    private init(_ path: String, _ arguments: [String]) throws {
        output = FileManager.default.temporaryDirectory.appendingPathComponent("peer-\(UUID().uuidString)")
        try Data().write(to: output)
        // A file, not a pipe: nobody has to read while it runs.
        let writing = try FileHandle(forWritingTo: output)
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = writing
        process.standardError = writing
        process.terminationHandler = { [self] _ in
            let waiting = state.withLock { state in
                state.isOver = true
                defer { state.waiting = [] }
                return state.waiting
            }
            for each in waiting { each.resume() }
        }
        do {
            try process.run()
        } catch {
            process.terminationHandler = nil
            try? FileManager.default.removeItem(at: output)
            throw error
        }
    }

    package var isRunning: Bool { !state.withLock(\.isOver) }

    /// What it has written until now.
    package var said: String { (try? String(contentsOf: output, encoding: .utf8)) ?? "" }

    private func ended() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if !state.isOver { state.waiting.append(continuation) }
                return state.isOver
            }
            if isOver { continuation.resume() }
        }
    }

    /// Kills it where it still runs, waits for that, and forgets what it wrote.
    private func end() async -> End {
        if isRunning { kill(process.processIdentifier, SIGKILL) }
        await ended()
        let end = End(status: process.terminationStatus, output: said)
        try? FileManager.default.removeItem(at: output)
        return end
    }

    /// Runs a program to its end, which is after `limit` at the latest.
    package static func run(_ path: String, _ arguments: [String], limit: Duration = .seconds(30)) async throws -> End {
        let program = try PeerProgram(path, arguments)
        let watch = Task {
            try await Task.sleep(for: limit)
            if program.isRunning { kill(program.process.processIdentifier, SIGKILL) }
        }
        await program.ended()
        watch.cancel()
        return await program.end()
    }

    /// Runs a program while `body` runs, and no longer.
    package static func with<Result>(
        _ path: String, _ arguments: [String], _ body: (PeerProgram) async throws -> Result
    ) async throws -> Result {
        let program = try PeerProgram(path, arguments)
        do {
            let result = try await body(program)
            _ = await program.end()
            return result
        } catch {
            _ = await program.end()
            throw error
        }
    }
}
