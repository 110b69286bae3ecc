import Basis
import OpAMP
import OrderedCollections
import Testing

@testable import AgentModel

@Suite("The checker itself: each rule, broken by hand")
struct CheckerTests {
    private let uid = Conversation.uid

    private func report(_ number: UInt64, _ capabilities: AgentCapabilities = [.reportsStatus]) -> AgentToServer {
        Conversation.report(number, capabilities)
    }

    private func full(_ number: UInt64, _ capabilities: AgentCapabilities = [.reportsStatus]) -> AgentToServer {
        Conversation.full(number, capabilities)
    }

    private func rules(_ lines: [Conversation.Line]) -> Set<ConformanceRule> { Conversation.rules(lines) }

    @Test("A clean conversation has no violation")
    func clean() {
        #expect(rules([.say(full(0)), .receive(ServerToAgent(instanceUID: .uid(uid)))]).isEmpty)
    }

    @Test("Messages: readable, bounded, with uid, capabilities and sequence; the first describes the agent")
    func messages() {
        #expect(rules([.sayBytes([0x0A, 0x7F])]) == [.readable])
        #expect(rules([.say(full(0)), .sayBytes([UInt8](repeating: 0, count: 2_000))]).contains(.withinSizeLimit))
        #expect(rules([.say(AgentToServer(capabilities: .reportsStatus))]) == [.instanceUID])
        #expect(rules([.say(full(0, [])), .receive(ServerToAgent())]) == [.capabilitiesSet])
        #expect(
            rules([.say(full(0, [.reportsStatus, AgentCapabilities(rawValue: 1 << 40)]))]) == [.undefinedBitsClear])
        #expect(rules([.say(full(0)), .say(full(2))]).contains(.sequence))
        #expect(rules([.say(report(0))]) == [.firstMessageIsStatus])
    }

    @Test("Parts: declared, supported by the server, not repeated without need")
    func parts() {
        var undeclared = full(0)
        undeclared.health = ComponentHealth(healthy: true, startTimeUnixNano: 1)
        #expect(rules([.say(undeclared)]) == [.declaredBeforeUsed])
        var unsupported = report(1, [.reportsStatus, .reportsEffectiveConfig])
        unsupported.effectiveConfig = EffectiveConfig()
        let start = full(0, [.reportsStatus, .reportsEffectiveConfig])
        #expect(
            rules([.say(start), .receive(ServerToAgent(capabilities: .acceptsStatus)), .say(unsupported)])
                == [.serverCapabilitiesHonoured])
        #expect(rules([.say(full(0)), .say(full(1))]) == [.unchangedLeftOut])
        #expect(rules([.say(full(0)), .receive(ServerToAgent(flags: .reportFullState)), .say(full(1))]).isEmpty)
        #expect(
            rules([
                .say(full(0, .collector)), .receive(ServerToAgent(flags: .reportFullState)), .say(full(1, .collector)),
            ])
                == [.fullStateReported])
    }

    @Test("Heartbeats: declared, not turned off, in time")
    func heartbeats() {
        let beating: AgentCapabilities = [.reportsStatus, .reportsHeartbeat]
        func offer(_ seconds: UInt64) -> ServerToAgent {
            ServerToAgent(
                connectionSettings: ConnectionSettingsOffers(
                    opamp: OpAMPConnectionSettings(heartbeatIntervalSeconds: seconds)))
        }
        #expect(rules([.say(full(0)), .say(report(1))]) == [.heartbeatsDeclared])
        #expect(
            rules([.say(full(0, beating)), .receive(offer(0)), .say(report(1, beating))]) == [.heartbeatsTurnedOff])
        #expect(
            rules([.say(full(0, beating)), .receive(offer(10)), .wait(12), .say(report(1, beating))]) == [
                .heartbeatInTime
            ]
        )
        #expect(rules([.say(full(0, beating)), .receive(offer(10)), .wait(10), .say(report(1, beating))]).isEmpty)
    }

    @Test("Components: with their hash, the list on request and then")
    func components() {
        let capable: AgentCapabilities = [.reportsStatus, .reportsAvailableComponents]
        func list(_ number: UInt64, hash: [UInt8], components: OrderedDictionary<String, ComponentDetails>)
            -> AgentToServer
        {
            var report = full(number, capable)
            if number > 0 { report.agentDescription = nil }
            report.availableComponents = AvailableComponents(components: components, hash: hash)
            return report
        }
        #expect(rules([.say(list(0, hash: [], components: [:]))]) == [.componentHash])
        #expect(rules([.say(list(0, hash: [1], components: ["a": ComponentDetails()]))]) == [.componentListOnRequest])
        let asked = ServerToAgent(flags: .reportAvailableComponents)
        let start = list(0, hash: [1], components: [:])
        #expect(
            rules([.say(start), .receive(asked), .say(list(1, hash: [1], components: ["a": ComponentDetails()]))])
                .isEmpty)
        #expect(
            rules([.say(start), .receive(asked), .say(list(1, hash: [1], components: [:]))]) == [
                .componentListOnRequest
            ])
    }

    @Test("Statuses: hashes that were offered, fields that fit")
    func statuses() {
        let capable: AgentCapabilities = [
            .reportsStatus, .reportsRemoteConfig, .reportsPackageStatuses, .reportsHealth,
            .reportsConnectionSettingsStatus,
        ]
        var config = full(0, capable)
        config.remoteConfigStatus = RemoteConfigStatus(lastRemoteConfigHash: [1], status: .applying)
        #expect(rules([.say(config)]) == [.configHashEchoed])
        var packages = full(0, capable)
        packages.packageStatuses = PackageStatuses(
            packages: ["a": PackageStatus(name: "b", agentHasVersion: "1")], serverProvidedAllPackagesHash: [1])
        #expect(rules([.say(packages)]) == [.packageHashEchoed, .packageNames, .packageFields])
        var settings = full(0, capable)
        settings.connectionSettingsStatus = ConnectionSettingsStatus(lastConnectionSettingsHash: [1], status: .applied)
        #expect(rules([.say(settings)]) == [.settingsHashEchoed])
        var health = full(0, capable)
        health.health = ComponentHealth(healthy: false)
        #expect(rules([.say(health)]) == [.unhealthyHasReason])
        var custom = full(0)
        custom.customMessage = CustomMessage(capability: "x")
        #expect(rules([.say(custom)]) == [.customCapabilityDeclared])
    }

    @Test("Errors: a bad request is not repeated, UNAVAILABLE is kept to, and its time too")
    func errors() {
        func error(_ type: ServerErrorResponseType, retry: UInt64? = nil) -> ServerToAgent {
            ServerToAgent(
                errorResponse: ServerErrorResponse(
                    type: type, retryInfo: retry.map { RetryInfo(retryAfterNanoseconds: $0) }))
        }
        #expect(rules([.say(full(0)), .receive(error(.badRequest)), .say(full(1))]).contains(.badRequestNotRepeated))
        let beating: AgentCapabilities = [.reportsStatus, .reportsHeartbeat]
        #expect(
            rules([.say(full(0, beating)), .receive(error(.unavailable)), .say(report(1, beating))]) == [
                .unavailableHonoured
            ])
        var agentDisconnect = report(1)
        agentDisconnect.agentDisconnect = AgentDisconnect()
        #expect(
            rules([
                .say(full(0)), .receive(error(.unavailable, retry: 5_000_000_000)), .say(agentDisconnect), .close,
                .wait(4), .open,
            ])
                == [.retryTimeHonoured])
        #expect(
            rules([
                .say(full(0)), .receive(error(.unavailable, retry: 5_000_000_000)), .say(agentDisconnect), .close,
                .wait(5), .open,
            ])
            .isEmpty)
    }

    @Test("Leaving: AgentDisconnect before the close, and nothing after it; a new uid is used at once")
    func leaving() {
        var agentDisconnect = report(1)
        agentDisconnect.agentDisconnect = AgentDisconnect()
        #expect(rules([.say(full(0)), .close]) == [.disconnectBeforeClose])
        #expect(rules([.say(full(0)), .say(agentDisconnect), .close]).isEmpty)
        var more = full(2)
        more.agentDescription = nil
        more.flags = .requestInstanceUID
        #expect(rules([.say(full(0)), .say(agentDisconnect), .say(more)]) == [.disconnectIsLast])
        let other = InstanceUID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0077)
        let told = ServerToAgent(
            instanceUID: .uid(uid), agentIdentification: AgentIdentification(newInstanceUID: .uid(other)))
        var still = full(1)
        still.agentDescription?.identifyingAttributes[0].value = .string("w")
        #expect(rules([.say(full(0)), .receive(told), .say(still)]) == [.assignedInstanceUIDUsed])
        still.instanceUID = .uid(other)
        #expect(rules([.say(full(0)), .receive(told), .say(still)]).isEmpty)
    }
}
