import Basis
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

    private let process: Mutex<ChildProcess>
    private let folder: URL
    private let commands = Pipe()

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
        do {
            let output = try Self.file("output", in: folder)
            let errors = keepsErrorsApart ? try Self.file("errors", in: folder) : nil
            var source: FileHandle?
            switch input {
            case .nothing: break
            case .bytes(let bytes):
                let file = folder.appendingPathComponent("input")
                try Data(bytes).write(to: file)
                source = try FileHandle(forReadingFrom: file)
            case .lines:
                // A line for a program that has ended must not end the tests.
                signal(SIGPIPE, SIG_IGN)
                source = commands.fileHandleForReading
            }
            let environment = ProcessInfo.processInfo.environment.merging(["PYTHONDONTWRITEBYTECODE": "1"]) { $1 }
            process = Mutex(
                try ChildProcess(
                    path, arguments, environment: environment.map { "\($0)=\($1)" }, input: source?.fileDescriptor,
                    output: output.fileDescriptor, errors: errors?.fileDescriptor))
            // The program's end of the pipe is its own: without it, a line for one that has ended is an error.
            try? commands.fileHandleForReading.close()
            withExtendedLifetime((output, errors, source)) {}
        } catch {
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

    package var isRunning: Bool { process.withLock { $0.status() == nil } }

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
        while isRunning {
            // A test that is cancelled still waits: the program is ended by who started it.
            await Task.detached { try? await Task.sleep(for: .milliseconds(5)) }.value
        }
    }

    /// The status that it has ended with; 128 plus the number of the signal that ended it.
    package var status: Int32 { process.withLock { $0.status() ?? -1 } }

    private func kill() { process.withLock { $0.signal(SIGKILL) } }

    /// Ends its input, kills it where it still runs, waits for that, and forgets what it wrote.
    private func end() async -> End {
        closeInput()
        kill()
        await ended()
        let errors = String(decoding: content(of: "errors"), as: UTF8.self)
        let end = End(status: status, bytes: content(of: "output"), errors: errors)
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
            program.kill()
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
