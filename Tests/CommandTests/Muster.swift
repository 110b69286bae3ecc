import Foundation
import TestSupport

/// The built `muster`, run by a shell in a directory of its own.
struct Muster {
    /// Beside the tests' own binary.
    static let path = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appendingPathComponent("muster").path

    /// Where the commands run, and what they write.
    let folder: String

    /// - Parameter body: gets the directory, which is deleted afterwards.
    static func inDirectory<Result>(_ body: (Muster) async throws -> Result) async throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("muster-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try await body(Muster(folder: folder))
    }

    /// What every line of bash can call. `serve OPTIONS` starts a server, and waits until it serves: `$server` is its
    /// process, `$port` its port, `$host` its address, and `served` what it writes. `stop` ends it.
    private static let functions = """
        serve() {
          rm -f served
          $M serve --port 0 "$@" > served 2>&1 & server=$!
          for i in $(seq 1200); do
            grep -q 'serving OpAMP' served 2> /dev/null && break
            kill -0 $server 2> /dev/null || { cat served; return 1; }
            sleep 0.05
          done
          host=$(sed -n 's,.*//\\(127.0.0.1:[0-9]*\\)/.*,\\1,p' served | head -1); port=${host#*:}
        }
        stop() { kill -INT $server; wait $server; }
        """

    /// Runs a line of bash in which `$M` is the binary.
    func shell(_ line: String, limit: Duration = .seconds(180)) async throws -> PeerProgram.End {
        let place = "cd '\(folder)' && export XDG_RUNTIME_DIR='\(folder)' M='\(Self.path)' || exit"
        let script = [place, Self.functions, line].joined(separator: "\n")
        return try await PeerProgram.run("/bin/bash", ["-c", script], limit: limit)
    }

    func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
    }

    func text(_ name: String) -> String? {
        try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
    }

    func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(folder)/\(name)") }

    /// A profile of a few agents and about a second.
    func writeShortProfile(duration: String = "1s") throws {
        try write(
            "p.yaml",
            """
            agents: 5\narrival: {ramp: 200ms}\nduration: \(duration)\ndrain: 1s\nheartbeat: {interval: \
            200ms}\nshards: 1\n
            """
        )
    }
}
