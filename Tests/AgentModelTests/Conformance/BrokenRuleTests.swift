import Basis
import OpAMP
import OrderedCollections
import Testing

@testable import AgentModel

/// For each rule of the checker: a conversation that breaks only this rule, and the same conversation without the
/// fault. The switch over the rules is exhaustive, so that no rule can be added without both.
@Suite("The checker, rule by rule: a broken rule is found, a kept one is not")
struct BrokenRuleTests {
    private typealias Line = Conversation.Line

    @Test("Each broken rule is found, and no other rule", arguments: ConformanceRule.allCases)
    func broken(_ rule: ConformanceRule) {
        #expect(Conversation.rules(Self.conversation(rule, keepsIt: false)) == [rule])
    }

    @Test("No rule is found in the conversation without the fault", arguments: ConformanceRule.allCases)
    func kept(_ rule: ConformanceRule) {
        #expect(Conversation.rules(Self.conversation(rule, keepsIt: true)) == [])
    }

    private static let status: AgentCapabilities = [.reportsStatus]
    private static let uid = Conversation.uid

    private static func conversation(_ rule: ConformanceRule, keepsIt good: Bool) -> [Line] {
        switch rule {
        case .readable, .withinSizeLimit, .instanceUID, .assignedInstanceUIDUsed, .capabilitiesSet, .undefinedBitsClear,
            .sequence, .firstMessageIsStatus, .identified:
            return identity(rule, good)
        case .declaredBeforeUsed, .serverCapabilitiesHonoured, .unchangedLeftOut, .fullStateReported,
            .componentListOnRequest, .componentHash:
            return parts(rule, good)
        case .unhealthyHasReason, .healthyHasStarted, .customCapabilityDeclared, .customCapabilityNamed:
            return healthAndCustom(rule, good)
        case .configHashEchoed, .effectiveConfigMatches, .configFilesNamed, .statusFields, .settingsHashEchoed,
            .settingsOutcomeReported, .requestActionable:
            return offers(rule, good)
        case .packageNames, .packageFields, .packageHashEchoed, .packagesComplete:
            return packages(rule, good)
        case .heartbeatsDeclared, .heartbeatsTurnedOff, .heartbeatInTime, .badRequestNotRepeated,
            .unknownErrorNotRepeated, .unavailableHonoured, .retryTimeHonoured, .disconnectIsLast,
            .disconnectBeforeClose, .singleConnection:
            return manners(rule, good)
        }
    }

    private static func identity(_ rule: ConformanceRule, _ good: Bool) -> [Line] {
        let other = InstanceUID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0077)
        switch rule {
        case .readable:
            return [good ? .say(Conversation.full(0)) : .sayBytes([0x0A, 0x7F])]
        case .withinSizeLimit:
            // 1,000 bytes are the limit, the byte of the header included.
            return [
                .say(
                    Conversation.full(0) {
                        let missing = (good ? 999 : 1_000) - $0.encodedSize - 4
                        $0.agentDescription?.nonIdentifyingAttributes = [
                            KeyValue(key: String(repeating: "x", count: missing), value: nil)
                        ]
                        while $0.encodedSize < (good ? 999 : 1_000) {
                            $0.agentDescription?.nonIdentifyingAttributes[0].key += "x"
                        }
                        while good, $0.encodedSize > 999 {
                            $0.agentDescription?.nonIdentifyingAttributes[0].key.removeLast()
                        }
                    })
            ]
        case .instanceUID:
            return [.say(Conversation.full(0) { if !good { $0.instanceUID = .malformed([1, 2, 3]) } })]
        case .assignedInstanceUIDUsed:
            let told = ServerToAgent(
                instanceUID: .uid(uid), agentIdentification: AgentIdentification(newInstanceUID: .uid(other)))
            let next = Conversation.full(1) {
                $0.agentDescription?.identifyingAttributes[0].value = .string("w")
                if good { $0.instanceUID = .uid(other) }
            }
            return [.say(Conversation.full(0)), .receive(told), .say(next)]
        case .capabilitiesSet:
            return [.say(Conversation.full(0, good ? status : []))]
        case .undefinedBitsClear:
            return [.say(Conversation.full(0, good ? status : [.reportsStatus, AgentCapabilities(rawValue: 1 << 16)]))]
        case .sequence:
            let next = Conversation.full(good ? 1 : 2) { $0.agentDescription?.nonIdentifyingAttributes = [KeyValue()] }
            return [.say(Conversation.full(0)), .say(next)]
        case .firstMessageIsStatus:
            return [.say(good ? Conversation.full(0) : Conversation.report(0))]
        default:
            return [.say(Conversation.full(0) { if !good { $0.agentDescription?.identifyingAttributes = [] } })]
        }
    }

    private static func parts(_ rule: ConformanceRule, _ good: Bool) -> [Line] {
        let health: AgentCapabilities = [.reportsStatus, .reportsHealth]
        let components: AgentCapabilities = [.reportsStatus, .reportsAvailableComponents]
        let well = ComponentHealth(healthy: true, startTimeUnixNano: 1)
        switch rule {
        case .declaredBeforeUsed:
            return [.say(Conversation.full(0, good ? health : status) { $0.health = well })]
        case .serverCapabilitiesHonoured:
            let capable: AgentCapabilities = [.reportsStatus, .reportsEffectiveConfig]
            let server: ServerCapabilities = good ? [.acceptsStatus, .acceptsEffectiveConfig] : .acceptsStatus
            var next = Conversation.report(1, capable)
            next.effectiveConfig = EffectiveConfig()
            return [.say(Conversation.full(0, capable)), .receive(ServerToAgent(capabilities: server)), .say(next)]
        case .unchangedLeftOut:
            let next = Conversation.full(1) { if good { $0.agentDescription?.nonIdentifyingAttributes = [KeyValue()] } }
            return [.say(Conversation.full(0)), .say(next)]
        case .fullStateReported:
            return [
                .say(Conversation.full(0, health) { $0.health = well }),
                .receive(ServerToAgent(flags: .reportFullState)),
                .say(Conversation.full(1, health) { $0.health = good ? well : nil }),
            ]
        case .componentListOnRequest:
            let asked = good ? ServerToAgent(flags: .reportAvailableComponents) : ServerToAgent()
            var list = Conversation.report(1, components)
            list.availableComponents = AvailableComponents(components: ["a": ComponentDetails()], hash: [1])
            return [
                .say(Conversation.full(0, components) { $0.availableComponents = AvailableComponents(hash: [1]) }),
                .receive(asked), .say(list),
            ]
        default:
            return [
                .say(
                    Conversation.full(0, components) {
                        $0.availableComponents = AvailableComponents(hash: good ? [1] : [])
                    })
            ]
        }
    }

    private static func healthAndCustom(_ rule: ConformanceRule, _ good: Bool) -> [Line] {
        let health: AgentCapabilities = [.reportsStatus, .reportsHealth]
        let well = ComponentHealth(healthy: true, startTimeUnixNano: 1)
        switch rule {
        case .unhealthyHasReason:
            let ill = ComponentHealth(healthy: false, lastError: good ? "why" : "")
            return [
                .say(
                    Conversation.full(0, health) {
                        $0.health = well
                        $0.health?.componentHealthMap = ["pipeline": well]
                        $0.health?.componentHealthMap["pipeline"]?.componentHealthMap = ["exporter": ill]
                    })
            ]
        case .healthyHasStarted:
            let part = ComponentHealth(healthy: true, startTimeUnixNano: good ? 1 : 0)
            return [
                .say(
                    Conversation.full(0, health) {
                        $0.health = well
                        $0.health?.componentHealthMap = ["pipeline": part]
                    })
            ]
        case .customCapabilityDeclared:
            return [
                .say(
                    Conversation.full(0) {
                        $0.customCapabilities = CustomCapabilities(capabilities: ["com.example.echo/v2"])
                        $0.customMessage = CustomMessage(capability: good ? "com.example.echo/v2" : "com.example.echo")
                    })
            ]
        default:
            return [
                .say(
                    Conversation.full(0) {
                        $0.customCapabilities = CustomCapabilities(
                            capabilities: good ? ["com.example.echo", "com.example.echo/v2"] : ["echo"])
                    })
            ]
        }
    }

    private static func offers(_ rule: ConformanceRule, _ good: Bool) -> [Line] {
        let config: AgentCapabilities = [.reportsStatus, .reportsRemoteConfig, .reportsEffectiveConfig]
        let settings: AgentCapabilities = [.reportsStatus, .reportsConnectionSettingsStatus]
        func files(_ names: [String]) -> AgentConfigMap {
            AgentConfigMap(
                configMap: OrderedDictionary(uniqueKeysWithValues: names.map { ($0, AgentConfigFile(body: [1])) }))
        }
        let offer = ServerToAgent(remoteConfig: AgentRemoteConfig(config: files(["a"]), configHash: [1]))
        func configured(_ change: (inout AgentToServer) -> Void) -> [Line] {
            var next = Conversation.report(1, config)
            next.remoteConfigStatus = RemoteConfigStatus(lastRemoteConfigHash: [1], status: .applied)
            next.effectiveConfig = EffectiveConfig(configMap: files(["a"]))
            change(&next)
            return [.say(Conversation.full(0, config)), .receive(offer), .say(next)]
        }
        func settled(_ change: (inout ConnectionSettingsStatus) -> Void) -> AgentToServer {
            var status = ConnectionSettingsStatus(lastConnectionSettingsHash: [1], status: .applying)
            change(&status)
            var next = Conversation.report(1, settings)
            next.connectionSettingsStatus = status
            return next
        }
        let settingsOffer = ServerToAgent(
            connectionSettings: ConnectionSettingsOffers(
                hash: [1], opamp: OpAMPConnectionSettings(destinationEndpoint: "ws://h", heartbeatIntervalSeconds: 9)))
        switch rule {
        case .configHashEchoed:
            return configured { if !good { $0.remoteConfigStatus?.lastRemoteConfigHash = [2] } }
        case .effectiveConfigMatches:
            return configured { if !good { $0.effectiveConfig = EffectiveConfig(configMap: files(["b"])) } }
        case .configFilesNamed:
            return configured { $0.effectiveConfig = EffectiveConfig(configMap: files(["a", good ? "b" : ""])) }
        case .statusFields:
            return configured { if !good { $0.remoteConfigStatus?.errorMessage = "odd" } }
        case .settingsHashEchoed:
            let next = settled { if !good { $0.lastConnectionSettingsHash = [2] } }
            return [.say(Conversation.full(0, settings)), .receive(settingsOffer), .say(next)]
        case .settingsOutcomeReported:
            var bye = Conversation.agentDisconnect(2)
            bye.capabilities = settings
            var last = Conversation.report(4, [.reportsHeartbeat, .reportsConnectionSettingsStatus, .reportsStatus])
            if good {
                last.connectionSettingsStatus = ConnectionSettingsStatus(
                    lastConnectionSettingsHash: [1], status: .applied)
            }
            return [
                .say(Conversation.full(0, settings)), .receive(settingsOffer), .say(settled { _ in }), .say(bye),
                .close,
                .open, .say(Conversation.full(3, settings)), .receive(ServerToAgent()), .say(last),
            ]
        default:
            var request = Conversation.report(1)
            request.connectionSettingsRequest = ConnectionSettingsRequest(
                opamp: OpAMPConnectionSettingsRequest(
                    certificateRequest: CertificateRequest(csr: good ? [1] : [])))
            return [.say(Conversation.full(0)), .say(request)]
        }
    }

    private static func packages(_ rule: ConformanceRule, _ good: Bool) -> [Line] {
        let capable: AgentCapabilities = [.reportsStatus, .reportsPackageStatuses]
        let offer = PackagesAvailable(
            packages: ["a": PackageAvailable(version: "2", hash: [2])], allPackagesHash: [9])
        func told(_ number: UInt64, _ change: (inout PackageStatuses) -> Void) -> AgentToServer {
            var statuses = PackageStatuses(
                packages: [
                    "a": PackageStatus(
                        name: "a", agentHasVersion: "1", agentHasHash: [1], serverOfferedVersion: "2",
                        serverOfferedHash: [2], status: .downloading,
                        downloadDetails: PackageDownloadDetails(downloadPercent: 50, downloadBytesPerSecond: 7))
                ], serverProvidedAllPackagesHash: [9])
            change(&statuses)
            var report = Conversation.report(number, capable)
            report.packageStatuses = statuses
            return report
        }
        let start: [Line] = [
            .say(Conversation.full(0, capable)), .receive(ServerToAgent(packagesAvailable: offer)),
        ]
        switch rule {
        case .packageNames:
            return start + [.say(told(1) { if !good { $0.packages["a"]?.name = "b" } })]
        case .packageFields:
            return start + [.say(told(1) { if !good { $0.packages["a"]?.errorMessage = "odd" } })]
        case .packageHashEchoed:
            return start + [.say(told(1) { if !good { $0.serverProvidedAllPackagesHash = [8] } })]
        default:
            let gone = told(2) { $0.packages = [:] }
            let without = ServerToAgent(packagesAvailable: PackagesAvailable(allPackagesHash: [9]))
            return start + [.say(told(1) { _ in }), .receive(good ? without : ServerToAgent()), .say(gone)]
        }
    }

    private static func manners(_ rule: ConformanceRule, _ good: Bool) -> [Line] {
        let beating: AgentCapabilities = [.reportsStatus, .reportsHeartbeat]
        func offer(_ seconds: UInt64) -> ServerToAgent {
            ServerToAgent(
                connectionSettings: ConnectionSettingsOffers(
                    opamp: OpAMPConnectionSettings(heartbeatIntervalSeconds: seconds)))
        }
        func changed(_ number: UInt64) -> AgentToServer {
            Conversation.full(number) { $0.agentDescription?.nonIdentifyingAttributes = [KeyValue()] }
        }
        let start: [Line] = [.say(Conversation.full(0, beating))]
        let bye = Conversation.agentDisconnect(1)
        switch rule {
        case .heartbeatsDeclared:
            return [
                .say(Conversation.full(0, good ? beating : status)),
                .say(Conversation.report(1, good ? beating : status)),
            ]
        case .heartbeatsTurnedOff:
            return start + [.receive(offer(good ? 9 : 0)), .say(Conversation.report(1, beating))]
        case .heartbeatInTime:
            return start + [.receive(offer(10)), .wait(good ? 11 : 12), .say(Conversation.report(1, beating))]
        case .badRequestNotRepeated, .unknownErrorNotRepeated:
            let error = Conversation.error(rule == .badRequestNotRepeated ? .badRequest : .unknown)
            func message(_ number: UInt64, _ data: UInt8) -> AgentToServer {
                var report = Conversation.report(number)
                report.customMessage = CustomMessage(capability: "com.example.echo", type: "echoed", data: [data])
                return report
            }
            let first = Conversation.full(0) {
                $0.customCapabilities = CustomCapabilities(capabilities: ["com.example.echo"])
            }
            return [.say(first), .say(message(1, 1)), .receive(error), .say(message(2, good ? 2 : 1))]
        case .unavailableHonoured:
            return start + [
                .receive(Conversation.error(.unavailable)), .say(good ? bye : Conversation.report(1, beating)),
            ]
        case .retryTimeHonoured:
            return start + [
                .receive(Conversation.error(.unavailable, retry: 5_000_000_000)), .say(bye), .close,
                .wait(good ? 5 : 4),
                .open,
            ]
        case .disconnectIsLast:
            return [.say(Conversation.full(0)), .say(bye)] + (good ? [] : [.say(changed(2))])
        case .disconnectBeforeClose:
            return [.say(Conversation.full(0))] + (good ? [.say(bye)] : []) + [.close]
        default:
            return [.say(Conversation.full(0)), good ? .open : .openAnother]
        }
    }
}
