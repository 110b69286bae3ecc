import Foundation
import TestSupport
import Testing

/// Output that cannot be written: the run continues, its results are written, and the exit code is 1.
@Suite("Output that cannot be written")
struct OutputTests {
    @Test(
        "A run whose standard output is gone writes its results and exits 1",
        arguments: [
            ("a closed pipe", "$M run p.yaml --out r --plain | head -1; exit ${PIPESTATUS[0]}"),
            ("closed", "$M run p.yaml --out r >&-"), ("closed with standard error", "$M run p.yaml --out r >&- 2>&-"),
            ("full", "$M run p.yaml --out r >/dev/full"),
        ])
    func run(name: String, line: String) async throws {
        try await Muster.inDirectory { muster in
            try muster.writeShortProfile()
            let end = try await muster.shell(line)
            #expect(end.status == 1, "\(name): \(end.output)")
            for file in ["summary.json", "report.html", "series.csv"] {
                #expect(muster.has("r/\(file)"), "\(name): \(file)")
            }
            if !line.hasSuffix("2>&-") { #expect(end.output.contains("could not be shown"), "\(end.output)") }
        }
    }

    @Test("A reader that does not read does not block the run")
    func slowReader() async throws {
        try await Muster.inDirectory { muster in
            try muster.writeShortProfile()
            // The pipe's reader sleeps until the results are there: a run that waited for it would never write them.
            let line =
                """
                $M run p.yaml --out r --plain | { for i in $(seq 300); do [ -f r/summary.json ] && break; sleep \
                0.1; done; cat; }
                """
            let end = try await muster.shell(line)
            #expect(end.status == 0 && end.output.contains("results: "), "\(end.output)")
        }
    }

    @Test(
        "A command whose whole product is its output does not exit 0 without it",
        arguments: [
            "$M check p.yaml", "$M check p.yaml --resolved", "$M --help", "$M --version", "$M run --help",
            "$M sign keys --out keys --algorithm ed25519",
        ])
    func products(line: String) async throws {
        try await Muster.inDirectory { muster in
            try muster.writeShortProfile()
            for redirection in [">/dev/full", ">&-"] {
                let end = try await muster.shell("\(line) \(redirection)")
                #expect(end.status == 1, "\(redirection): \(end.output)")
                #expect(end.output.contains("standard output: "), "\(end.output)")
                try? FileManager.default.removeItem(atPath: muster.folder + "/keys")
            }
        }
    }

    @Test("A server continues without its standard output, and ends at the first signal")
    func serve() async throws {
        try await Muster.inDirectory { muster in
            for redirection in [">&- 2>&-", ">/dev/full 2>/dev/null"] {
                let line =
                    """
                    $M serve --port 0 \(redirection) & p=$!; sleep 1; kill -0 $p && echo alive; kill $p; wait \
                    $p; echo status $?
                    """
                let end = try await muster.shell(line)
                #expect(end.output.contains("alive") && end.output.contains("status 1"), "\(end.output)")
            }
        }
    }

    @Test("Results that may not grow are refused when the run begins, with the path, the cause and the remedy")
    func fileLimit() async throws {
        try await Muster.inDirectory { muster in
            try muster.writeShortProfile()
            let end = try await muster.shell("ulimit -f 8; $M run p.yaml --out r; echo status $?")
            #expect(end.output.contains("r/summary.json cannot be written: "), "\(end.output)")
            #expect(end.output.contains("ulimit -f") && end.output.contains("status 2"), "\(end.output)")
            #expect(!muster.has("r"))
        }
    }

    @Test("Of two runs into one directory at once, the second is refused")
    func oneDirectory() async throws {
        try await Muster.inDirectory { muster in
            try muster.writeShortProfile(duration: "3s")
            let line =
                """
                $M run p.yaml --out r >/dev/null & for i in $(seq 100); do [ -f r/.lock ] && break; sleep 0.05; \
                done; $M run p.yaml --out r --force; echo second $?; wait; echo done
                """
            let end = try await muster.shell(line)
            #expect(
                end.output.contains("in use by another run (process ") && end.output.contains("second 2"),
                "\(end.output)")
            #expect(muster.has("r/summary.json"))
        }
    }

    @Test("The results of another run are refused without --force")
    func otherRun() async throws {
        try await Muster.inDirectory { muster in
            try muster.writeShortProfile()
            try FileManager.default.createDirectory(atPath: muster.folder + "/r", withIntermediateDirectories: true)
            try muster.write("r/waves.csv", "old")
            let refused = try await muster.shell("$M run p.yaml --out r")
            #expect(refused.status == 2 && refused.output.contains("--force"), "\(refused.output)")
            let replaced = try await muster.shell("$M run p.yaml --out r --force --quiet")
            #expect(replaced.status == 0, "\(replaced.output)")
            #expect(muster.has("r/summary.json") && !muster.has("r/waves.csv"))
        }
    }

    @Test(
        "Errors of files name the path, the cause in words and a remedy, whatever the command",
        arguments: [
            ("$M run none.yaml", "none.yaml: cannot be read: no such file"),
            ("$M check /", "is a directory"), ("$M run p.yaml --out p.yaml", "exists and is not a directory"),
            ("$M run p.yaml --out /proc/x", "/proc/x cannot be created"),
            ("$M run p.yaml --token-file none", "none cannot be read: no such file"),
            ("$M run p.yaml --server wss://127.0.0.1:1 --tls-ca none", "none cannot be read: no such file"),
            ("$M serve --port 0 --token-file none", "none cannot be read: no such file"),
            ("$M serve --port 0 --offer-config none", "none cannot be read: no such file"),
            ("$M serve --port 0 --tls-self-made p.yaml", "exists and is not a directory"),
            ("$M sign keys --out p.yaml/keys", "exists and is not a directory"),
            ("$M sign package none --name a --version-of 1 --key none", "none cannot be read: no such file"),
            ("$M sign verify none --name a --version-of 1", "none cannot be read: no such file"),
        ])
    func words(line: String, expected: String) async throws {
        try await Muster.inDirectory { muster in
            try muster.writeShortProfile()
            let end = try await muster.shell("timeout 120 \(line)", limit: .seconds(180))
            #expect(end.status == 2, "\(end.output)")
            #expect(end.output.contains(expected), "\(end.output)")
            for raw in ["NSCocoa", "NSPOSIX", "Domain", "URL type"] {
                #expect(!end.output.contains(raw), "\(end.output)")
            }
        }
    }
}

@Suite("Signals")
struct SignalTests {
    @Test(
        "A run that gets a signal writes its results and says that it was interrupted",
        arguments: ["HUP", "INT", "TERM"])
    func interrupted(signal: String) async throws {
        try await Muster.inDirectory { muster in
            try muster.writeShortProfile(duration: "60s")
            let line =
                """
                $M run p.yaml --out r --plain >out & p=$!; for i in $(seq 100); do grep -q ' | ' out && break; \
                sleep 0.1; done; kill -\(signal) $p; wait $p; echo status $?
                """
            let end = try await muster.shell(line)
            #expect(end.output.contains("status 130"), "\(end.output)")
            #expect(muster.text("r/summary.json")?.contains("\"interrupted\"") == true)
        }
    }

    @Test("A second Ctrl-C ends a command at once, even one that waits for the reader of its output")
    func second() async throws {
        try await Muster.inDirectory { muster in
            // The pipe is full, so that the server's first line waits for ever.
            let line =
                """
                mkfifo full; exec 7<>full; dd if=/dev/zero of=full bs=4096 count=4096 oflag=nonblock 2>/dev/null
                $M serve --port 0 >full & p=$!
                for i in $(seq 300); do kill -INT $p 2>/dev/null || break; sleep 0.1; done
                kill -KILL $p 2>/dev/null; wait $p; echo status $?
                """
            let end = try await muster.shell(line)
            #expect(end.output.contains("status 130"), "\(end.output)")
        }
    }

    @Test("Under nohup a closed terminal ends no run")
    func nohup() async throws {
        try await Muster.inDirectory { muster in
            try muster.writeShortProfile(duration: "2s")
            let line =
                """
                nohup $M run p.yaml --out r --plain >out 2>&1 & p=$!; for i in $(seq 100); do grep -q ' | ' out \
                && break; sleep 0.1; done; kill -HUP $p; wait $p; echo status $?
                """
            let end = try await muster.shell(line)
            #expect(end.output.contains("status 0"), "\(end.output)")
            #expect(muster.text("r/summary.json")?.contains("\"completed\"") == true)
        }
    }
}
