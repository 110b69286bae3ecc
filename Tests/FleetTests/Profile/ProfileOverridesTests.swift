import Basis
import Foundation
import Schema
import Testing

@testable import Fleet

@Suite("Overrides from the command line")
struct ProfileOverridesTests {
    private func read(_ text: String, _ overrides: [Override]) throws(Problems) -> Profile {
        try ProfileReader().read(text: text, source: "test.yaml", overrides: overrides)
    }

    private func problems(_ text: String, _ overrides: [Override]) -> [String] {
        do throws(Problems) {
            _ = try read(text, overrides)
            return []
        } catch {
            return error.list.map(\.description)
        }
    }

    @Test("Nothing given changes nothing")
    func nothing() throws {
        #expect(try read("{}", []) == .standard)
    }

    @Test("Each override replaces its value and nothing else, in every cohort")
    func each() throws {
        let overrides: [Override] = [
            .key("--agents", "7"), .key("--seed", "8"), .key("--server", "ws://h"), .key("--duration", "30s"),
            .key("--drain", "1s"), .key("--heartbeat", "2s"), .key("--shards", "2"),
            .list("--source", ["sources"], ["127.0.0.3"]), .key("--connect-timeout", "4s"),
            .key("--answer-timeout", "5s"),
        ]
        let heartbeat = HeartbeatProfile(interval: .seconds(2))
        let wanted = Profile(
            agents: 7, seed: 8, server: .url(ServerURL(host: "h")), duration: .seconds(30), drain: .seconds(1),
            cohorts: [CohortProfile(name: "a", heartbeat: heartbeat), CohortProfile(name: "b", heartbeat: heartbeat)],
            limits: ProfileLimits(connectTimeout: .seconds(4), answerTimeout: .seconds(5)), sources: ["127.0.0.3"],
            shards: 2)
        let text = "server: {embedded: {port: 5}}\ncohorts: [{name: a, heartbeat: {interval: 9s}}, {name: b}]"
        #expect(try read(text, overrides) == wanted)
    }

    @Test("The options that the tables name are these")
    func options() {
        let options = Set(Profile.schema.allKeys.compactMap(\.option))
        #expect(
            options == [
                "--agents", "--seed", "--server", "--duration", "--drain", "--heartbeat", "--shards",
                "--connect-timeout", "--answer-timeout", "--tls-ca", "--tls-system-ca", "--tls-server-name",
                "--tls-no-host-check", "--tls-min-version", "--tls-max-version", "--tls-crl",
                "--tls-require-stapled-status", "--insecure-skip-verify", "--tls-no-resumption",
            ])
    }

    @Test("What is wrong with options is reported with their names, all at once, beside the profile's own errors")
    func wrong() {
        let found = problems(
            "agents: 5\ndrain: x",
            [
                .key("--agents", "-1"), .key("--shards", "0"), .key("--duration", "5"),
                .list("--source", ["sources"], ["localhost"]), .key("--server", "h:4320"),
                .key("--tls-min-version", "1.1"),
            ])
        let beginnings = [
            "2:8: drain: found 'x', wanted a duration", "--agents: agents: -1 is out of range",
            "--duration: duration: found the bare number '5'", "--server: server: the server address 'h:4320'",
            "--shards: shards: 0 is out of range", "--source: sources[0]: found 'localhost', wanted an IPv4 or IPv6",
            "--tls-min-version: tls.min_version: found '1.1', wanted 1.2 or 1.3",
        ]
        #expect(found.count == beginnings.count, "\(found)")
        for (line, beginning) in zip(found, beginnings) { #expect(line.hasPrefix(beginning), "\(line)") }
    }

    @Test("An override that makes the profile contradict itself is refused")
    func contradiction() {
        let text = "duration: 1m\narrival: {ramp: 20s}\nevents: [{at: 10s, drop_connections: 100%}]"
        let found = problems(text, [.key("--duration", "5s")])
        #expect(found.count == 2 && found[0].contains("the last agent") && found[1].contains("the run of 5s is over"))
    }

    @Test("An event at a share of the run moves along with the duration")
    func sharesMove() throws {
        let profile = try read("events: [{at: 50%, drop_connections: 100%}]", [.key("--duration", "5s")])
        #expect(profile.timeline.map(\.at) == [.milliseconds(2_500)])
    }

    @Test(
        "Every scheme is accepted; trust and certificates with the secured ones only",
        arguments: ServerURL.Scheme.allCases)
    func schemes(scheme: ServerURL.Scheme) throws {
        let server = Override.key("--server", "\(scheme.rawValue)://h")
        #expect(problems("{}", [server]).isEmpty)
        let secured = [
            server, .path("--tls-ca", "ca.pem"), .certificate("--tls-cert", "client.pem", key: "client.key"),
        ]
        #expect(problems("{}", secured).isEmpty == (scheme == .wss || scheme == .https))
    }

    @Test("Paths count from the working directory, and every cohort has the certificate")
    func certificates() throws {
        let text =
            "server: wss://h\ncohorts: [{name: a, client_certificate: {per: cohort, ca: c, ca_key: k}}, {name: b}]"
        let here = FileManager.default.currentDirectoryPath
        let files = try read(text, [.certificate("--tls-cert", "a.pem", key: "/a.key")])
        let pair = KeyPairFiles(certificate: "\(here)/a.pem", key: "/a.key")
        #expect(files.cohorts.map(\.clientCertificate) == [.files(pair), .files(pair)])
        let issued = try read(text, [.issuer("--tls-issue-ca", "/ca.pem", key: "/ca.key")])
        let authority = KeyPairFiles(certificate: "/ca.pem", key: "/ca.key")
        #expect(
            issued.cohorts.map(\.clientCertificate) == [
                .issued(IssuedClientCertificate(sharing: .cohort, authority: authority)),
                .issued(IssuedClientCertificate(authority: authority)),
            ])
    }

    @Test(
        "No version left, a pin that is none and nothing to verify are refused",
        arguments: [
            [Override.key("--tls-min-version", "1.3"), .key("--tls-max-version", "1.2")],
            [.list("--tls-pin", ["tls", "pins"], ["0123"])],
            [.key("--insecure-skip-verify", "true"), .path("--tls-ca", "ca.pem")],
        ])
    func tlsSlips(overrides: [Override]) {
        #expect(!problems("server: wss://h", overrides).isEmpty)
    }
}
