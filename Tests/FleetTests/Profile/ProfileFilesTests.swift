import AgentModel
import Basis
import Foundation
import Schema
import Testing

@testable import Fleet

@Suite("The profiles that come with Muster")
struct ProfileFilesTests {
    static let folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("profiles")

    static var names: [String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return files.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()
    }

    @Test("The ones that the documentation names are there")
    func there() {
        #expect(Set(Self.names).isSuperset(of: ["demo", "reconnect-storm", "saturate", "soak", "steady"]))
    }

    @Test("Each is read without an error, has its file's name and explains itself", arguments: names)
    func valid(name: String) throws {
        let path = Self.folder.appendingPathComponent("\(name).yaml").path
        let profile = try ProfileReader().read(path: path)
        #expect(profile.name == name)
        #expect(!profile.description.isEmpty)
        #expect(try ProfileReader().read(text: Profile.schema.write(profile), source: "resolved") == profile)
        let comments = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").count {
            $0.hasPrefix("#")
        }
        #expect(comments >= 2)
    }

    @Test("What was learned of the known fleet is close to it")
    func observed() throws {
        func read(_ name: String) throws -> Profile {
            try ProfileReader().read(path: Self.folder.appendingPathComponent("observed/\(name).yaml").path)
        }
        let (known, learned) = (try read("known"), try read("learned"))
        #expect(learned.cohorts.map(\.name) == ["edge-1.4.0", "gateway-2.1.0"])
        for (known, learned) in zip(known.cohorts, learned.cohorts) {
            let ratio = learned.heartbeat.interval.seconds / known.heartbeat.interval.seconds
            #expect(abs(ratio - 1) < 0.05)
            #expect(learned.heartbeat.phase == known.heartbeat.phase)
            #expect(learned.report == known.report)
        }
        // An agent that is replaced is away for a second of 21.
        #expect(abs(Double(learned.agents) / 87.1 - 1) < 0.05)
        #expect(learned.events.map(\.action.key) == known.events.map(\.action.key))
    }

    @Test("They do what they are called for")
    func purposes() throws {
        func read(_ name: String) throws -> Profile {
            try ProfileReader().read(path: Self.folder.appendingPathComponent("\(name).yaml").path)
        }
        #expect(try read("reconnect-storm").events.map(\.action) == [.dropConnections(share: 1)])
        let incidents = try read("incidents").events.map(\.action.key)
        #expect(incidents == ["drop_connections", "report_status", "leave", "restart", "report_status"])
        #expect(try read("saturate").cohorts.allSatisfy { $0.mode != .openLoop })
        #expect(try read("steady").cohorts.allSatisfy { $0.mode == .openLoop && $0.heartbeat.phase == .spread })
        #expect(try read("demo").agents == 2_000)
        let pushed = try read("config-push").events.map(\.action.key)
        #expect(pushed.count { $0 == "offer_config" } >= 2 && pushed.last == "withdraw_config")
        #expect(try read("mtls").cohorts.allSatisfy { $0.clientCertificate == .issued(IssuedClientCertificate()) })
        let moved = Set(try read("certificates").events.map(\.action.key))
        #expect(moved.isSuperset(of: ["rotate_certificates", "revoke_certificates", "offer_config"]))
        #expect(try read("packages-mtls").events.map(\.action.key).contains("rotate_certificates"))
        #expect(try read("mixed-fleet").cohorts.count { $0.wire != CohortWire() } == 2)
        #expect(try read("package-rollout").events.allSatisfy { $0.action.key == "offer_packages" })
        #expect(try read("packages-real").cohorts.allSatisfy { $0.packages.plan.fetch != nil })
    }
}
