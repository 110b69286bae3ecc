import Basis
import Testing

@testable import Fleet

@Suite("Overrides from the command line")
struct ProfileOverridesTests {
    @Test("Nothing given changes nothing")
    func nothing() throws {
        #expect(try Profile.standard.applying(ProfileOverrides()) == .standard)
    }

    @Test("Each override takes the place of its value and of nothing else")
    func each() throws {
        var overrides = ProfileOverrides()
        overrides.agents = 7
        overrides.seed = 8
        overrides.server = ServerURL(host: "h")
        overrides.duration = .seconds(30)
        overrides.drain = .seconds(1)
        overrides.arrival = .ramp(over: .seconds(3))
        overrides.heartbeatInterval = .seconds(2)
        overrides.shards = 2
        overrides.sources = ["127.0.0.3"]
        overrides.connectTimeout = .seconds(4)
        overrides.answerTimeout = .seconds(5)
        let base = Profile(cohorts: [CohortProfile(name: "a"), CohortProfile(name: "b")])
        let heartbeat = HeartbeatProfile(interval: .seconds(2))
        let wanted = Profile(
            agents: 7, seed: 8, server: .url(ServerURL(host: "h")), duration: .seconds(30), drain: .seconds(1),
            arrival: .ramp(over: .seconds(3)),
            cohorts: [CohortProfile(name: "a", heartbeat: heartbeat), CohortProfile(name: "b", heartbeat: heartbeat)],
            limits: ProfileLimits(connectTimeout: .seconds(4), answerTimeout: .seconds(5)), sources: ["127.0.0.3"],
            shards: 2)
        #expect(try base.applying(overrides) == wanted)
    }

    @Test("What is out of bounds is told under the option's name, all at once")
    func outOfBounds() throws {
        var overrides = ProfileOverrides()
        overrides.agents = -1
        overrides.shards = 0
        overrides.duration = .zero
        overrides.drain = .seconds(-1)
        overrides.heartbeatInterval = Nanoseconds(1)
        overrides.sources = ["localhost"]
        overrides.connectTimeout = .max
        overrides.answerTimeout = .zero
        let errors = try #require(throws: ProfileErrors.self) { try Profile.standard.applying(overrides) }
        let options = [
            "--agents", "--shards", "--duration", "--drain", "--connect-timeout", "--answer-timeout", "--heartbeat",
            "--source",
        ]
        #expect(errors.list.map(\.path) == options)
    }

    @Test("An override that makes the profile contradict itself is refused")
    func contradiction() throws {
        var overrides = ProfileOverrides()
        overrides.duration = .seconds(5)
        let profile = Profile(
            arrival: .ramp(over: .seconds(20)),
            events: [TimedEvent(at: .after(.seconds(10)), action: .dropConnections(share: 1))])
        let errors = try #require(throws: ProfileErrors.self) { try profile.applying(overrides) }
        #expect(errors.list.map(\.path) == ["events[0].at", "arrival"])
    }

    @Test("An event at a share of the run moves along with the duration")
    func sharesMove() throws {
        var overrides = ProfileOverrides()
        overrides.duration = .seconds(5)
        let profile = Profile(events: [TimedEvent(at: .share(0.5), action: .dropConnections(share: 1))])
        #expect(try profile.applying(overrides).timeline.map(\.at) == [.milliseconds(2_500)])
    }

    @Test(
        "Every scheme is taken; trust and certificates with the secured ones only", arguments: ServerURL.Scheme.allCases
    )
    func schemes(scheme: ServerURL.Scheme) {
        var overrides = ProfileOverrides()
        overrides.server = ServerURL(scheme: scheme, host: "h")
        #expect(throws: Never.self) { try Profile.standard.applying(overrides) }
        overrides.tls.authorities = "ca.pem"
        overrides.tls.certificate = "client.pem"
        overrides.tls.key = "client.key"
        if scheme == .wss || scheme == .https {
            #expect(throws: Never.self) { try Profile.standard.applying(overrides) }
        } else {
            #expect(throws: ProfileErrors.self) { try Profile.standard.applying(overrides) }
        }
    }

    @Test(
        "A certificate without its key, two sources of certificates, no version left and a pin that is none are refused"
    )
    func tlsSlips() {
        let slips: [(inout TLSOverrides) -> Void] = [
            { $0.certificate = "a.pem" }, { $0.issuerKey = "a.key" },
            { ($0.certificate, $0.key, $0.issuer, $0.issuerKey) = ("a", "b", "c", "d") },
            { ($0.lowestVersion, $0.highestVersion) = ("1.3", "1.2") }, { $0.lowestVersion = "1.1" },
            { $0.pinnedKeys = ["0123"] },
            { ($0.skipsVerification, $0.authorities) = (true, "ca.pem") },
        ]
        for slip in slips {
            var overrides = ProfileOverrides()
            overrides.server = ServerURL(scheme: .wss, host: "h")
            slip(&overrides.tls)
            #expect(throws: ProfileErrors.self) { try Profile.standard.applying(overrides) }
        }
    }
}
