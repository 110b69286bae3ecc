import Basis
import Engine
import Hosting
import Metrics
import Rollout
import TestSupport
import Testing

@testable import Fleet

@Suite("Drivers of profiles", .serialized)
struct ProfileDriverTests {
    @Test("An event of another server with an action of the driver is not skipped; one without is, with a warning")
    func skips() throws {
        let text = """
            server: ws://127.0.0.1:1/v1/opamp
            events:
              - {at: 1s, offer_config: {name: a, files: {a.yaml: {size: 100B}}}}
              - {at: 2s, restart_agents: 100%}
            driver: {actions: {offer_config: {run: [true]}}}
            """
        let profile = try ProfileReader().read(text: text, source: "profile")
        #expect(profile.skippedEvents.map(\.message).count == 1)
        #expect(profile.skippedEvents[0].message.contains("restart_agents"))
        #expect(profile.steps(from: .zero).map(\.action.key) == ["offer_config"])
    }

    @Test("An action for what is no event of a server is refused")
    func unknown() {
        #expect(throws: (any Error).self) {
            try ProfileReader().read(
                text: "driver: {actions: {offer_confg: {run: [true]}}}", source: "profile")
        }
    }

    @Test("A failed action is a warning of the run, with the reason")
    func failures() async throws {
        let shard = try Shard(label: "driver")
        let driver = ServerDriver(concurrency: 2, timeout: .seconds(60), on: shard)
        var good = DriverAction()
        good.command = ["true"]
        var bad = DriverAction()
        bad.command = ["sh", "-c", "exit 3"]
        var nobody = DriverAction()
        nobody.url = "http://127.0.0.1:1/x"
        for action in [good, bad, nobody, good] { await driver.perform(action, [:]) }
        #expect(await driver.performed == 4)
        #expect(await driver.failed == 2)
        let failures = await driver.failures
        #expect(failures.count == 2 && failures[0].contains("ended with 3") && failures[1].contains("no response"))
        await shard.stop()
    }

    @Test("A command that does not end is ended after its time, and is a failure")
    func timeout() async throws {
        let shard = try Shard(label: "driver")
        let driver = ServerDriver(concurrency: 1, timeout: .milliseconds(100), on: shard)
        var action = DriverAction()
        action.command = ["sleep", "600"]
        await driver.perform(action, [:])
        #expect(await driver.failures.first?.contains("did not end") == true)
        await shard.stop()
    }
}
