import Basis
import Engine
import Foundation
import Synchronization
import TestSupport
import Testing

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
            case .silent(let program, let timeout): "\(program) has written nothing for \(timeout)"
            case .ended(let program, let status): "\(program) has ended with status \(status) without a line"
            case .unreadable(let line): "not the JSON that was expected: \(line)"
            }
        }
    }

    /// What a program ended with.
    struct End: Sendable {
        let status: Int32
        /// Its output that has not been read yet.
        let lines: [String]
    }

    private let name: String
    private let program: PeerProgram
    /// How many of its lines have been read.
    private let readCount = Mutex(0)

    /// Starts a program of `Tests/Interop`, and ends it when `body` is done with it or has failed.
    static func with<Result>(
        _ name: String, _ arguments: [String], _ body: (PythonPeer) async throws -> Result
    ) async throws -> Result {
        guard let interpreter = PythonPeers.interpreter else { throw Failure.noInterpreter }
        let arguments = [PythonPeers.directory.appendingPathComponent(name).path] + arguments
        return try await PeerProgram.with(interpreter, arguments, input: .lines, keepsErrorsApart: true) { program in
            try await body(PythonPeer(name, program))
        }
    }

    private init(_ name: String, _ program: PeerProgram) {
        self.name = name
        self.program = program
    }

    /// Its complete lines that have not been read.
    private var lines: [String] {
        let all = program.said.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        return all.dropFirst(readCount.withLock { $0 }).map(String.init)
    }

    /// The next line that it writes.
    func line(within timeout: Nanoseconds = PythonPeer.timeout) async throws -> String {
        let deadline = Shard.clock + timeout
        while true {
            // Asked before the lines are looked at: what it wrote last is there once it has ended.
            let isOver = !program.isRunning
            if let line = lines.first {
                readCount.withLock { $0 += 1 }
                return line
            }
            if isOver { throw Failure.ended(name, status: program.status) }
            guard Shard.clock < deadline else { throw Failure.silent(name, timeout) }
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
        try program.send(command)
    }

    /// Ends its input and waits for its end.
    func end(within timeout: Nanoseconds = PythonPeer.timeout) async throws -> End {
        program.closeInput()
        let deadline = Shard.clock + timeout
        while program.isRunning {
            guard Shard.clock < deadline else { throw Failure.silent(name, timeout) }
            try await Task.sleep(for: Self.nap)
        }
        return End(status: program.status, lines: lines)
    }

    /// A Python takes a second to start on a busy machine, and its checks have timeouts of their own of up to ten.
    static let timeout = Nanoseconds.seconds(30)
    private static let nap = Duration.milliseconds(10)
}
