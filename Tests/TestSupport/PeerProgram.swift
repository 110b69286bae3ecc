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
        /// Standard output, and standard error too unless it was kept apart.
        package let bytes: [UInt8]
        /// Standard error, where it was kept apart.
        package let errors: String

        package var output: String { String(decoding: bytes, as: UTF8.self) }
    }

    /// What a program reads from standard input.
    package enum Input: Sendable {
        case nothing
        case bytes([UInt8])
        /// What `send` gives it, until `closeInput`.
        case lines
    }

    private struct State {
        var isOver = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let process = Process()
    private let folder: URL
    private let commands = Pipe()
    private let state = Mutex(State())

    /// The first of some names that is a program here, in the folders of PATH and those where such programs are.
    package static func path(_ names: String...) -> String? {
        let searched = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        let folders = searched + ["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin", "/usr/local/sbin"]
        let paths = names.flatMap { name in folders.map { "\($0)/\(name)" } }
        return paths.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    private init(_ path: String, _ arguments: [String], _ input: Input, keepsErrorsApart: Bool) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("peer-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        // Files, not pipes: nobody has to read while it runs.
        let writing = try Self.file("output", in: folder)
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(["PYTHONDONTWRITEBYTECODE": "1"]) { $1 }
        process.standardOutput = writing
        process.standardError = keepsErrorsApart ? try Self.file("errors", in: folder) : writing
        switch input {
        case .nothing:
            process.standardInput = FileHandle.nullDevice
        case .bytes(let bytes):
            let file = folder.appendingPathComponent("input")
            try Data(bytes).write(to: file)
            process.standardInput = try FileHandle(forReadingFrom: file)
        case .lines:
            // A line for a program that has ended must not end the tests.
            signal(SIGPIPE, SIG_IGN)
            process.standardInput = commands
        }
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
            try? FileManager.default.removeItem(at: folder)
            throw error
        }
    }

    private static func file(_ name: String, in folder: URL) throws -> FileHandle {
        let file = folder.appendingPathComponent(name)
        try Data().write(to: file)
        return try FileHandle(forWritingTo: file)
    }

    private func content(of name: String) -> [UInt8] {
        [UInt8]((try? Data(contentsOf: folder.appendingPathComponent(name))) ?? Data())
    }

    package var isRunning: Bool { !state.withLock(\.isOver) }

    /// What it has written until now.
    package var said: String { String(decoding: content(of: "output"), as: UTF8.self) }

    /// Gives it a line to read.
    package func send(_ line: String) throws {
        try commands.fileHandleForWriting.write(contentsOf: Data("\(line)\n".utf8))
    }

    /// Ends what it reads.
    package func closeInput() {
        try? commands.fileHandleForWriting.close()
    }

    /// Waits for its end.
    package func ended() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if !state.isOver { state.waiting.append(continuation) }
                return state.isOver
            }
            if isOver { continuation.resume() }
        }
    }

    /// The status that it has ended with.
    package var status: Int32 { process.terminationStatus }

    /// Ends its input, kills it where it still runs, waits for that, and forgets what it wrote.
    private func end() async -> End {
        closeInput()
        if isRunning { kill(process.processIdentifier, SIGKILL) }
        await ended()
        let errors = String(decoding: content(of: "errors"), as: UTF8.self)
        let end = End(status: process.terminationStatus, bytes: content(of: "output"), errors: errors)
        try? FileManager.default.removeItem(at: folder)
        return end
    }

    /// Runs a program to its end, which is after `limit` at the latest.
    package static func run(
        _ path: String, _ arguments: [String], input: [UInt8]? = nil, keepsErrorsApart: Bool = false,
        limit: Duration = .seconds(30)
    ) async throws -> End {
        let program = try PeerProgram(
            path, arguments, input.map { .bytes($0) } ?? .nothing, keepsErrorsApart: keepsErrorsApart)
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
        _ path: String, _ arguments: [String], input: Input = .nothing, keepsErrorsApart: Bool = false,
        _ body: (PeerProgram) async throws -> Result
    ) async throws -> Result {
        let program = try PeerProgram(path, arguments, input, keepsErrorsApart: keepsErrorsApart)
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
