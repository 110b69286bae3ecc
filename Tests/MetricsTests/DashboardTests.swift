import AgentModel
import Basis
import Foundation
import TestSupport
import Testing

@testable import Metrics

/// The dashboard and the alert rules in share/, beside what a run exposes.
@Suite("Dashboard and alert rules")
struct DashboardTests {
    private static let share = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("share")
    private static let files = ["grafana/muster.json", "prometheus/muster-alerts.yml"]

    /// A page with every family that there is.
    private static func fullPage() -> String {
        let exchange = IntervalExchange(cohorts: 2)
        let shard = ShardMetrics(exchange: exchange)
        let recorder = RunRecorder(start: .zero, exchanges: [exchange], cohorts: ["a", "b"])
        recorder.watch(ServerUse(source: .process(pid: 1, name: "s")), ServerUseTests.sample(1, 2))
        let former = shard.enter(cohort: 0)
        for measure in Measure.allCases { shard.record(measure, .milliseconds(3)) }
        shard.leave(for: former)
        shard.publish()
        return recorder.tick(at: .zero + .seconds(1), process: .idle, server: ServerUseTests.sample(2, 3))
            .prometheusText
    }

    private static func names(in text: String) -> Set<String> {
        var names: Set<String> = []
        for word in text.split(whereSeparator: { !($0.isLetter || $0.isNumber || $0 == "_") })
        where word.hasPrefix("muster_") {
            names.insert(String(word))
        }
        return names
    }

    @Test("Every metric that they name is exposed", arguments: files)
    func exposed(file: String) throws {
        let named = Self.names(
            in: try String(contentsOf: Self.share.appendingPathComponent(file), encoding: .utf8))
        #expect(named.count > 4)
        let samples = Self.fullPage().split(separator: "\n").filter { !$0.hasPrefix("#") }
        let exposed = Set(samples.map { String($0.prefix { $0 != "{" && $0 != " " }) })
        #expect(named.subtracting(exposed) == [])
    }

    @Test("The dashboard is JSON whose panels have titles, places that do not overlap, and queries")
    func dashboard() throws {
        let data = try Data(contentsOf: Self.share.appendingPathComponent("grafana/muster.json"))
        let dashboard = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        let panels = try #require(dashboard["panels"] as? [[String: Any]])
        var taken: Set<[Int]> = []
        for panel in panels {
            #expect((panel["title"] as? String)?.isEmpty == false)
            #expect((panel["targets"] as? [[String: Any]])?.allSatisfy { $0["expr"] is String } == true)
            let place = try #require(panel["gridPos"] as? [String: Int])
            let (x, y) = (place["x"] ?? -1, place["y"] ?? -1)
            for column in x..<x + (place["w"] ?? 0) {
                for row in y..<y + (place["h"] ?? 0) { #expect(column < 24 && taken.insert([column, row]).inserted) }
            }
        }
    }

    private static let promtool = PeerProgram.path("promtool")

    @Test(
        "promtool accepts the rules, every query of the dashboard and the page of metrics",
        .enabled("no promtool (Debian: apt-get install prometheus)") { promtool != nil })
    func checked() async throws {
        let promtool = try #require(Self.promtool)
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("muster-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let alerts = Self.share.appendingPathComponent("prometheus/muster-alerts.yml").path
        let rules = try await PeerProgram.run(promtool, ["check", "rules", alerts])
        #expect(rules.status == 0, "\(rules.output)")

        // Grafana fills these in.
        let data = try Data(contentsOf: Self.share.appendingPathComponent("grafana/muster.json"))
        let dashboard = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        let queries = (dashboard["panels"] as? [[String: Any]] ?? []).flatMap { panel in
            (panel["targets"] as? [[String: Any]] ?? []).compactMap { $0["expr"] as? String }
        }.map {
            $0.replacing("$__rate_interval", with: "1m").replacing("$job", with: ".*").replacing(
                "$instance", with: ".*")
        }
        let group = queries.enumerated().map { number, query in
            "      - record: muster:query\(number)\n        expr: |\n          \(query)\n"
        }
        let file = folder.appendingPathComponent("queries.yml")
        try Data("groups:\n  - name: queries\n    rules:\n\(group.joined())".utf8).write(to: file)
        let checked = try await PeerProgram.run(promtool, ["check", "rules", file.path])
        #expect(checked.status == 0 && queries.count > 10, "\(checked.output)")

        let page = folder.appendingPathComponent("metrics")
        try Data(Self.fullPage().utf8).write(to: page)
        let metrics = try await PeerProgram.run(
            "/bin/sh", ["-c", "'\(promtool)' check metrics < '\(page.path)' 2>&1; echo status $?"])
        // It advises on names (3); what it cannot read is another status.
        #expect(metrics.output.contains("status 0") || metrics.output.contains("status 3"), "\(metrics.output)")
        #expect(!metrics.output.contains("error while linting"), "\(metrics.output)")
    }
}
