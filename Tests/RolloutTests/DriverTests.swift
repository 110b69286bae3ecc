import Basis
import Schema
import Testing

@testable import Rollout

@Suite("Drivers of rollout plans")
struct DriverTests {
    private func problems(_ text: String) -> String {
        do throws(Problems) {
            _ = try RolloutPlan.read(Array(text.utf8), source: "plan")
            return ""
        } catch { return "\(error)" }
    }

    @Test("A driver with an action for offers or with a start is read, and written as it was read")
    func reads() throws {
        let text = """
            driver:
              server: ws://127.0.0.1:4320/v1/opamp
              revision: new
              former: old
              offer: {url: "http://h/save?id={{instance_uid}}", form: {config: "{{configuration}}"}, headers: {X-A: b}}
              roll_back: {run: [kubectl, rollout, undo]}
              restart: {run: [systemctl, restart, opamp]}
              events: [{at: 5m, do: roll-back}]
            """
        let plan = try RolloutPlan.read(Array(text.utf8), source: "plan")
        let driver = try #require(plan.driver)
        #expect(
            driver.offer?.isForOneAgent == true && driver.action(.rollBack)?.command == ["kubectl", "rollout", "undo"])
        #expect(driver.action(.pause) == nil)
        let again = try RolloutPlan.read(Array(plan.resolvedYAML.utf8), source: "resolved")
        #expect(again == plan)
    }

    @Test(
        "What a driver cannot mean is refused with the reason",
        arguments: [
            ("{revision: new}", "either `offer` or `start`"),
            ("{revision: new, offer: {run: [a]}, start: {run: [a]}}", "either `offer` or `start`"),
            ("{revision: new, former: brand new, offer: {run: [a]}}", "could not tell the two apart"),
            ("{revision: new, offer: {}}", "either a command"),
            ("{revision: new, offer: {run: [a], url: \"http://h\"}}", "either a command"),
            ("{revision: new, offer: {url: \"https://h\"}}", "http://"),
            ("{revision: new, start: {run: [a]}, events: [{at: 1s, do: pause}]}", "add `pause`"),
            ("{offer: {run: [a]}}", "revision"),
        ])
    func refuses(driver: String, reason: String) {
        let text = problems("driver: \(driver)")
        #expect(text.contains(reason), "\(text)")
    }

    @Test("The words of an action are replaced everywhere, and unknown ones stay")
    func words() {
        var action = DriverAction()
        action.command = ["curl", "-d", "{{configuration}}"]
        action.url = "http://h/{{instance_uid}}"
        action.headers = [Named("X-Revision", "{{revision}}")]
        action.form = [Named("config", "a {{configuration}} b")]
        action.body = "{{unknown}}"
        let filled = action.filled(["configuration": "c", "instance_uid": "u", "revision": "1"])
        #expect(filled.command == ["curl", "-d", "c"] && filled.url == "http://h/u")
        #expect(filled.headers == [Named("X-Revision", "1")] && filled.form == [Named("config", "a c b")])
        #expect(filled.body == "{{unknown}}")
        #expect(action.isForOneAgent && !filled.isForOneAgent)
    }
}
