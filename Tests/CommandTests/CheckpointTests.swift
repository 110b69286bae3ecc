import Foundation
import TestSupport
import Testing

@Suite("Checkpoints of a run")
struct CheckpointTests {
    private struct Summary {
        let status: String?
        let seconds: Double
        let reports: Int

        init?(_ text: String?) {
            guard let text,
                let json = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any],
                let outcome = json["outcome"] as? [String: Any], let counters = json["counters"] as? [String: Any]
            else { return nil }
            status = outcome["status"] as? String
            seconds = json["duration_seconds"] as? Double ?? -1
            reports = (counters["first_reports"] as? NSNumber)?.intValue ?? -1
        }
    }

    /// Kills a run once its summary is there for the `checkpoints`th time.
    private func killed(_ muster: Muster, _ options: String, checkpoints: Int) async throws -> Summary? {
        try muster.writeShortProfile(duration: "120s")
        let end = try await muster.shell(
            """
            $M run p.yaml --out r --quiet \(options) > output.txt 2>&1 & p=$!
            last=; seen=0
            for i in $(seq 600); do
                now=$(stat -c %i%y r/summary.json 2>/dev/null)
                if [ -n "$now" ] && [ "$now" != "$last" ]; then last=$now; seen=$((seen + 1)); fi
                [ $seen -ge \(checkpoints) ] && break; sleep 0.05
            done
            kill -KILL $p; wait $p; echo status $? seen $seen
            """)
        #expect(end.output.contains("status 137 seen \(checkpoints)"), "\(end.output)")
        return Summary(muster.text("r/summary.json"))
    }

    @Test("A run that is killed leaves a summary that can be read, with what was measured up to the last checkpoint")
    func killedRun() async throws {
        try await Muster.inDirectory { muster in
            let summary = try #require(try await killed(muster, "--set limits.checkpoint=1s", checkpoints: 3))
            #expect(summary.status == "interrupted")
            #expect(summary.seconds >= 2 && summary.reports > 0)
        }
    }

    @Test("The locks of a run that was killed stop no other, and what is left of it is replaced")
    func locks() async throws {
        try await Muster.inDirectory { muster in
            _ = try #require(try await killed(muster, "--set limits.checkpoint=1s", checkpoints: 1))
            #expect(muster.has("r/.lock"))
            try muster.writeShortProfile()
            let end = try await muster.shell("$M run p.yaml --out r --force --quiet; echo status $?; ls -A r")
            #expect(end.output.contains("status 0"), "\(end.output)")
            #expect(!end.output.contains(".lock") && !end.output.contains(".part"), "\(end.output)")
            #expect(Summary(muster.text("r/summary.json"))?.status == "completed")
        }
    }

    @Test("The first checkpoint is not a whole interval away")
    func firstCheckpoint() async throws {
        try await Muster.inDirectory { muster in
            let summary = try #require(try await killed(muster, "", checkpoints: 1))
            #expect(summary.status == "interrupted" && summary.seconds < 30)
        }
    }

    @Test("A run that ends replaces the checkpoint; one without checkpoints writes none")
    func ended() async throws {
        try await Muster.inDirectory { muster in
            try muster.writeShortProfile(duration: "3s")
            let end = try await muster.shell(
                """
                $M run p.yaml --out r --quiet --set limits.checkpoint=1s >/dev/null; echo status $?; ls -A r
                $M run p.yaml --out never --quiet --set limits.checkpoint=never >/dev/null & p=$!
                for i in $(seq 40); do [ -f never/summary.json ] && echo early; [ -f never/.lock ] || sleep 0.05; done
                sleep 2; ls -A never; kill -KILL $p
                """)
            #expect(end.output.contains("status 0") && !end.output.contains("early"), "\(end.output)")
            #expect(end.output.components(separatedBy: "\nsummary.json").count == 2, "\(end.output)")
            #expect(!end.output.contains("preliminary"), "\(end.output)")
            #expect(Summary(muster.text("r/summary.json"))?.status == "completed")
        }
    }
}
