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

    @Test("A scheme that agents do not speak is refused", arguments: ServerURL.Scheme.allCases)
    func schemes(scheme: ServerURL.Scheme) {
        var overrides = ProfileOverrides()
        overrides.server = ServerURL(scheme: scheme, host: "h")
        if ProfileRules.spokenSchemes.contains(scheme) {
            #expect(throws: Never.self) { try Profile.standard.applying(overrides) }
        } else {
            #expect(throws: ProfileErrors.self) { try Profile.standard.applying(overrides) }
        }
    }
}
