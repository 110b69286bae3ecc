import AgentModel
import Basis
import ControlPlane
import Engine
import Hosting
import Metrics
import OpAMP
import OrderedCollections
import Rollout

extension Profile {
    /// How the agents of each of so many shards reach their server.
    func transport(shards: Int) -> AgentTransport {
        isPolling ? .polling(PollingPlan(wire.polling).share(of: shards)) : .webSocket
    }

    /// Makes a server elsewhere do what events ask of it; nil: the profile has no driver.
    func driver(on shard: Shard) -> ServerDriver? {
        driver.map { ServerDriver(concurrency: $0.concurrency, timeout: $0.timeout, on: shard) }
    }
}

extension Preparation {
    /// Has the server elsewhere do what an event asks of it; returns at once.
    func drive(_ action: DriverAction, _ step: RunStep, population: Population, cohorts: [Cohort]) {
        guard let driver else { return }
        var values = ["name": step.action.nameOfOffer ?? "", "configuration": ""]
        var selection = Selection.all
        switch step.order {
        case .offer(let offer, let target):
            selection = target
            if case .remoteConfig(let config) = offer.content, let file = config.config?.configMap.values.first {
                values["configuration"] = String(decoding: file.body, as: UTF8.self)
            }
        case .restart(let target), .send(_, let target), .rotateCertificates(_, let target),
            .revokeCertificates(let target):
            selection = target
        case .withdraw, nil: break
        }
        let (meant, given) = (selection, values)
        Task {
            let agents = (0..<population.agents).compactMap { number -> InstanceUID? in
                let agent = Agent(index: UInt64(number), cohort: cohorts[population.cohortIndex(of: number)])
                return meant.contains(agent.instanceUID) { agent.attribute($0) } ? agent.instanceUID : nil
            }
            await driver.perform(action, given, for: agents)
        }
    }

    /// A warning where actions of the driver failed.
    func driverWarnings() async -> [RunWarning] {
        guard let driver, await driver.failed > 0 else { return [] }
        let (failed, performed, examples) = (await driver.failed, await driver.performed, await driver.failures)
        return [
            RunWarning(
                rule: "driver-failed",
                message: "\(failed) of \(performed) actions of the driver failed: \(examples.joined(separator: "; "))",
                remedy: "run the command or send the request by hand, and correct `driver`")
        ]
    }
}
