import Foundation

/// A module of Python that some interpreter of this machine may have.
package actor PythonModule {
    /// The Python function `unknown`: how many fields of a message, and of those in it, its description does not have.
    package static let unknownFields = """
        from google.protobuf.unknown_fields import UnknownFieldSet
        def unknown(message):
            found = len(UnknownFieldSet(message))
            for field, value in message.ListFields():
                if field.message_type is None: continue
                try: parts = list(value)
                except TypeError: parts = [value]
                found += sum(unknown(part) for part in parts)
            return found
        """

    private let name: String
    private var found: Task<String?, Never>?

    package init(_ name: String) {
        self.name = name
    }

    /// The interpreter that has it: `MUSTER_PYTHON` where set, else the `python3` of the machine; `nil` where none
    /// does. Looked for once.
    package var interpreter: String? {
        get async {
            let name = name
            let search = found ?? Task { await Self.interpreter(having: name) }
            found = search
            return await search.value
        }
    }

    private static func interpreter(having module: String) async -> String? {
        let named = ProcessInfo.processInfo.environment["MUSTER_PYTHON"]
        for candidate in [named, PeerProgram.path("python3")].compactMap({ $0 }) {
            let end = try? await PeerProgram.run(candidate, ["-c", "import \(module)"])
            if end?.status == 0 { return candidate }
        }
        return nil
    }

    /// Runs a script under that interpreter.
    /// - Returns: the lines that it printed; `nil` where there is no interpreter or the script failed.
    package func lines(of script: String, _ arguments: [String]) async throws -> [String]? {
        guard let interpreter = await interpreter else { return nil }
        // Warnings would stand among the lines.
        let end = try await PeerProgram.run(interpreter, ["-W", "ignore", "-c", script] + arguments)
        return end.status == 0 ? end.output.split(separator: "\n").map(String.init) : nil
    }
}
