import Basis
import Engine
import Foundation
import Synchronization
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// OpAMP implementations that are not ours: Python programs in `Tests/Interop`, on libraries from PyPI.
enum PythonPeers {
    /// A Python that has the libraries, from `MUSTER_PYTHON` (`scripts/test` sets it); `nil` where there is none.
    static let interpreter: String? = {
        let path = ProcessInfo.processInfo.environment["MUSTER_PYTHON"] ?? ""
        if path.isEmpty {
            print("interoperability: SKIPPED, \(absence)")
            return nil
        }
        return path
    }()

    static var isAvailable: Bool { interpreter != nil }

    static let absence =
        "MUSTER_PYTHON names no Python with websockets and opentelemetry-opamp-client (scripts/python-peers makes one, "
        + "scripts/test uses it)"

    /// Where the programs are.
    static let directory = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Interop")
}

/// One such program while it runs: lines in, lines out, and an end in any case.
final class PythonPeer: Sendable {
    enum Failure: Error, CustomStringConvertible {
        case noInterpreter
        case silent(String, Nanoseconds)
        case ended(String, status: Int32)
        case unreadable(String)

        var description: String {
            switch self {
            case .noInterpreter: PythonPeers.absence
            case .silent(let program, let timeout): "\(program) has said nothing for \(timeout)"
            case .ended(let program, let status): "\(program) has ended with status \(status) without a word"
            case .unreadable(let line): "not the JSON that was expected: \(line)"
            }
        }
    }

    /// What a program ended with.
    struct End: Sendable {
        let status: Int32
        /// What it said and nobody had read yet.
        let lines: [String]
    }

    private struct Output {
        var partial: [UInt8] = []
        var lines: [String] = []
        var isOver = false
    }

    private let program: String
    private let process: Process
    private let input: FileHandle
    private let output = Mutex(Output())

    /// Starts a program of `Tests/Interop`, and ends it when `body` is done with it or has failed.
    static func with<Result>(
        _ program: String, _ arguments: [String], _ body: (PythonPeer) async throws -> Result
    ) async throws -> Result {
        let peer = try PythonPeer(program, arguments)
        do {
            let result = try await body(peer)
            await peer.stop()
            return result
        } catch {
            await peer.stop()
            throw error
        }
    }

    private init(_ program: String, _ arguments: [String]) throws {
        guard let interpreter = PythonPeers.interpreter else { throw Failure.noInterpreter }
        // Words for a program that has ended must not end the tests.
        signal(SIGPIPE, SIG_IGN)
        let (commands, words) = (Pipe(), Pipe())
        let process = Process()
        process.executableURL = URL(fileURLWithPath: interpreter)
        process.arguments = [PythonPeers.directory.appendingPathComponent(program).path] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(["PYTHONDONTWRITEBYTECODE": "1"]) { $1 }
        process.standardInput = commands
        process.standardOutput = words
        self.program = program
        self.process = process
        input = commands.fileHandleForWriting
        try process.run()
        let reading = words.fileHandleForReading
        let thread = Thread { [self] in
            while true {
                let data = reading.availableData
                received([UInt8](data))
                if data.isEmpty { return }
            }
        }
        thread.start()
    }

    private func received(_ bytes: [UInt8]) {
        output.withLock { output in
            if bytes.isEmpty { output.isOver = true }
            for byte in bytes {
                if byte == UInt8(ascii: "\n") {
                    output.lines.append(String(decoding: output.partial, as: UTF8.self))
                    output.partial.removeAll()
                } else {
                    output.partial.append(byte)
                }
            }
        }
    }

    /// The next line that it says.
    func line(within timeout: Nanoseconds = PythonPeer.timeout) async throws -> String {
        let deadline = Shard.clock + timeout
        while true {
            let (line, isOver) = output.withLock { output in
                (output.lines.isEmpty ? nil : output.lines.removeFirst(), output.isOver)
            }
            if let line { return line }
            if isOver, !process.isRunning { throw Failure.ended(program, status: process.terminationStatus) }
            guard Shard.clock < deadline else { throw Failure.silent(program, timeout) }
            try await Task.sleep(for: Self.nap)
        }
    }

    /// The next line, read as JSON.
    func json<Value: Decodable>(
        _ type: Value.Type, within timeout: Nanoseconds = PythonPeer.timeout
    ) async throws -> Value {
        try Self.decode(type, try await line(within: timeout))
    }

    static func decode<Value: Decodable>(_ type: Value.Type, _ line: String) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            return try decoder.decode(type, from: Data(line.utf8))
        } catch {
            throw Failure.unreadable("\(line) (\(error))")
        }
    }

    /// Gives it a command.
    func say(_ command: String) throws {
        try input.write(contentsOf: Data("\(command)\n".utf8))
    }

    /// Ends its input and waits for its end.
    func end(within timeout: Nanoseconds = PythonPeer.timeout) async throws -> End {
        try? input.close()
        let deadline = Shard.clock + timeout
        while process.isRunning || !output.withLock(\.isOver) {
            guard Shard.clock < deadline else { throw Failure.silent(program, timeout) }
            try await Task.sleep(for: Self.nap)
        }
        return End(status: process.terminationStatus, lines: output.withLock(\.lines))
    }

    /// Whatever it is doing, it ends now.
    private func stop() async {
        try? input.close()
        guard process.isRunning else { return }
        process.terminate()
        let deadline = Shard.clock + .seconds(3)
        while process.isRunning, Shard.clock < deadline {
            try? await Task.sleep(for: Self.nap)
        }
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    /// A Python takes a second to start on a busy machine, and its checks have timeout of their own of up to ten.
    static let timeout = Nanoseconds.seconds(30)
    private static let nap = Duration.milliseconds(10)
}
