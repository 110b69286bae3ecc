import AgentModel
import Basis
import ControlPlane
import OpAMP
import Schema
import Testing

@testable import Fleet

@Suite("A profile's cohort as the agents' plan")
struct CohortPlanTests {
    @Test("Every value arrives")
    func values() {
        let cohort = CohortProfile(
            name: "x", zones: ["z1"],
            heartbeat: HeartbeatProfile(interval: .seconds(5), jitter: 0.25, phase: .lockstep),
            report: ReportSizes(effectiveConfigBytes: 10, healthPipelines: 4, availableComponents: 3),
            reconnect: .longRandomDelay(minimum: .seconds(1), maximum: .seconds(2)),
            mode: .closedLoop(think: .constant(.seconds(3))))
        let limits = ProfileLimits(connectTimeout: .seconds(7), answerTimeout: .seconds(8))
        let plan = AgentModel.CohortPlan(cohort: cohort, limits: limits)
        #expect(plan.name == "x" && plan.zones == ["z1"])
        #expect(plan.heartbeat == HeartbeatPlan(interval: .seconds(5), jitter: 0.25, phase: .lockstep))
        #expect(plan.sizes == ReportSizes(effectiveConfigBytes: 10, healthPipelines: 4, availableComponents: 3))
        #expect(plan.reconnect == .longRandomDelay(minimum: .seconds(1), maximum: .seconds(2)))
        #expect(plan.load == .closedLoop(think: .constant(.seconds(3))))
        #expect(plan.connectTimeout == .seconds(7) && plan.answerTimeout == .seconds(8))
    }

    @Test("What befalls and ails the agents arrives, times of the run on the run's axis")
    func depth() {
        var cohort = CohortProfile()
        cohort.reconnectReport = .full
        cohort.remoteConfig = RemoteConfigPlan(failureOdds: 0.5)
        cohort.faults = FaultPlan(rates: [.chats: 0.25])
        cohort.restart = RestartProfile(form: .whole, downtime: .constant(.seconds(9)))
        cohort.health = HealthProfile(
            checkInterval: .seconds(5), checkTimeout: .seconds(1), failureThreshold: 4,
            healthFaults: [
                .init(
                    .outage(from: .share(0.5), length: .seconds(3)), share: 0.5, zone: "z", version: "v", hangs: true),
                .init(.flapping(up: .constant(.seconds(1)), down: .constant(.seconds(2)))),
                .init(.decay(each: .constant(.seconds(3)))), .init(.suddenDeath(after: .constant(.seconds(4)))),
            ])
        let plan = AgentModel.CohortPlan(
            cohort: cohort, limits: ProfileLimits(), duration: .seconds(60), runStart: .zero + .seconds(100))
        #expect(
            plan.reconnectReport == .full && plan.remoteConfig == cohort.remoteConfig && plan.faults == cohort.faults)
        #expect(plan.restartForm == .whole && plan.restartTime == .constant(.seconds(9)))
        let health = HealthPlan(
            checkInterval: .seconds(5), checkTimeout: .seconds(1), failureThreshold: 4,
            healthFaults: [
                .init(
                    .outage(from: .seconds(130), lasting: .seconds(3)), share: 0.5, zone: "z", version: "v", hangs: true
                ),
                .init(.flapping(up: .constant(.seconds(1)), down: .constant(.seconds(2)))),
                .init(.decay(each: .constant(.seconds(3)))), .init(.suddenDeath(after: .constant(.seconds(4)))),
            ])
        #expect(plan.health == health)
    }

    @Test("Agents say that they are the version that is installed, unless their cohort says another")
    func version() {
        func version(_ cohort: CohortProfile) -> String? {
            let plan = AgentModel.CohortPlan(cohort: cohort, limits: ProfileLimits())
            let agent = Agent(index: 3, cohort: Cohort(plan, seed: 1, unixOrigin: 0))
            guard case .template(let template) = plan.description else { return nil }
            return template.identifying.first { $0.key == "service.version" }.map { agent.filled($0.value) }
        }
        var cohort = CohortProfile()
        #expect(version(cohort) == "0.114.0")
        cohort.packages.plan.installed = [
            .init(name: "a", version: "9", type: .addon), .init(name: "b", version: "0.99.1"),
        ]
        #expect(version(cohort) == "0.99.1")
        cohort.identifying = [.init(key: "service.version", text: "own-{{index}}")]
        #expect(version(cohort) == "own-3")
    }

    @Test("Agents declare the capabilities of their cohort, and have its settings")
    func abilities() {
        func plan(_ cohort: CohortProfile) -> AgentModel.CohortPlan {
            AgentModel.CohortPlan(cohort: cohort, limits: ProfileLimits())
        }
        let settings: AgentCapabilities = [.acceptsOpAMPConnectionSettings, .reportsConnectionSettingsStatus]
        #expect(plan(CohortProfile()).capabilities == AgentCapabilities.collector.union(settings))
        var cohort = CohortProfile()
        cohort.connectionSettings = ConnectionSettingsProfile(opamp: false)
        #expect(plan(cohort).capabilities == .collector)
        cohort.connectionSettings = ConnectionSettingsProfile(opamp: false, other: true)
        #expect(
            plan(cohort).capabilities
                == AgentCapabilities.collector.union([
                    .acceptsOtherConnectionSettings, .reportsConnectionSettingsStatus,
                ]))
        let packages = PackagePlan(fileBytes: 3, odds: .init(install: 0.5))
        cohort.packages = PackageProfile(accepted: false, plan: packages)
        #expect(!plan(cohort).capabilities.contains(.acceptsPackages) && plan(cohort).packages == packages)
        cohort.packages.accepted = true
        #expect(plan(cohort).capabilities.isSuperset(of: [.acceptsPackages, .reportsPackageStatuses]))
        cohort.customAbilities = [.discovery, .echo, .pause, .sequence]
        #expect(
            plan(cohort).custom.responders.map(\.capability)
                == [
                    CustomCapability.discovery, CustomCapability.echo, CustomCapability.pause,
                    CustomCapability.sequence,
                ])
    }

    @Test("An attribute replaces the collector's own, another one is added")
    func attributes() throws {
        let cohort = CohortProfile(
            identifying: [.init(key: "service.name", text: "mine-{{index}}"), .init(key: "team", text: "{{cohort}}")],
            nonIdentifying: [.init(key: "rack", text: "{{zone}}")])
        guard case .template(let template) = AgentModel.CohortPlan(cohort: cohort, limits: ProfileLimits()).description
        else {
            Issue.record("no template")
            return
        }
        let standard = DescriptionTemplate.collector
        #expect(template.identifying.map(\.key) == standard.identifying.map(\.key) + ["team"])
        #expect(template.nonIdentifying.map(\.key) == standard.nonIdentifying.map(\.key) + ["rack"])
        #expect(template.identifying.first { $0.key == "service.name" }?.value == (try Template("mine-{{index}}")))
    }

    @Test("A profile and the agents know the same words in templates, and the same zones and limits by default")
    func sameWords() {
        #expect(TemplateWord.allCases.map(\.rawValue).sorted() == Template.placeholders.sorted())
        let standard = AgentModel.CohortPlan(name: "collector")
        let plan = AgentModel.CohortPlan(cohort: CohortProfile(), limits: ProfileLimits())
        #expect(plan.zones == standard.zones && plan.sizes == standard.sizes && plan.heartbeat == standard.heartbeat)
        #expect(plan.remoteConfig == standard.remoteConfig && plan.health == standard.health)
        #expect(plan.faults == standard.faults && plan.reconnectReport == standard.reconnectReport)
        #expect(plan.restartTime == standard.restartTime && plan.restartForm == standard.restartForm)
        #expect(plan.connectTimeout == standard.connectTimeout && plan.answerTimeout == standard.answerTimeout)
    }
}
