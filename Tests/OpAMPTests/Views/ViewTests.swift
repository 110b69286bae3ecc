import Basis
import OpAMP
import OrderedCollections
import Testing

@Suite("Views of borrowed bytes")
struct ViewTests {
    static let hash: [UInt8] = [9, 8, 7]

    @Test("A heartbeat is recognised, and anything more is not one")
    func heartbeat() throws {
        var report = AgentToServer(
            instanceUID: .uid(InstanceUID(high: 1, low: 2)), sequenceNumber: 3, capabilities: [.reportsStatus])
        try view(report) { view in
            #expect(view.isHeartbeat == true)
            #expect(view.present == [.instanceUID, .sequenceNumber, .capabilities])
            #expect(view.instanceUID == report.instanceUID && view.sequenceNumber == 3)
            #expect(view.capabilities == [.reportsStatus] && view.flags == [])
            #expect(view.isHealthy == nil && view.remoteConfigStatuses == nil && !view.isDisconnect)
            #expect(view.lastRemoteConfigHash.byteCount == 0)
        }
        report.flags = [.requestInstanceUID]
        try view(report) { #expect(!$0.isHeartbeat && $0.flags == [.requestInstanceUID]) }
        report.flags = []
        report.agentDisconnect = AgentDisconnect()
        try view(report) { #expect(!$0.isHeartbeat && $0.isDisconnect) }
    }

    @Test("What is small in a report's sub-messages is read without building them")
    func reportPeeks() throws {
        let report = AgentToServer(
            health: ComponentHealth(healthy: true, lastError: "x"),
            remoteConfigStatus: RemoteConfigStatus(lastRemoteConfigHash: Self.hash, status: .failed, errorMessage: "e"),
            packageStatuses: PackageStatuses(packages: ["p": PackageStatus()], serverProvidedAllPackagesHash: [1]),
            availableComponents: AvailableComponents(components: ["c": ComponentDetails()], hash: [2]),
            connectionSettingsStatus: ConnectionSettingsStatus(lastConnectionSettingsHash: [3]))
        try view(report) { view in
            #expect(view.isHealthy == true)
            #expect(view.remoteConfigStatuses == .failed)
            #expect(view.lastRemoteConfigHash.elementsEqual(Self.hash) == true)
            #expect(view.lastRemoteConfigHash.elementsEqual([9, 8, 6]) == false)
            #expect(view.lastRemoteConfigHash.elementsEqual([9, 8]) == false)
            #expect(view.lastRemoteConfigHash.copied() == Self.hash)
            #expect(view.serverProvidedAllPackagesHash.copied() == [1])
            #expect(view.availableComponentsHash.copied() == [2])
            #expect(view.lastConnectionSettingsHash.copied() == [3])
            #expect(view.report() == report)
        }
        try view(AgentToServer(health: ComponentHealth())) { #expect($0.isHealthy == false) }
        try view(AgentToServer(remoteConfigStatus: RemoteConfigStatus())) {
            #expect($0.remoteConfigStatuses == .unset)
        }
    }

    @Test("An acknowledgement is recognised, and anything more is not one")
    func acknowledgement() throws {
        var answer = ServerToAgent(instanceUID: .uid(InstanceUID(high: 1, low: 2)), capabilities: [.acceptsStatus])
        try view(answer) { view in
            #expect(view.isAcknowledgement == true)
            #expect(view.instanceUID == answer.instanceUID && view.capabilities == [.acceptsStatus])
            #expect(view.errorType == nil && view.commandType == nil && view.newInstanceUID == .absent)
        }
        answer.flags = [.reportFullState]
        try view(answer) { #expect(!$0.isAcknowledgement && $0.flags == [.reportFullState]) }
        answer.flags = []
        answer.command = ServerToAgentCommand()
        try view(answer) { #expect(!$0.isAcknowledgement && $0.commandType == .restart) }
    }

    @Test("What is small in an answer's sub-messages is read without building them")
    func answerPeeks() throws {
        let uid = InstanceUID(high: 5, low: 6)
        let answer = ServerToAgent(
            errorResponse: ServerErrorResponse(
                type: .unavailable, errorMessage: "later", retryInfo: RetryInfo(retryAfterNanoseconds: 7)),
            remoteConfig: AgentRemoteConfig(
                config: AgentConfigMap(configMap: ["": AgentConfigFile()]), configHash: [1]),
            connectionSettings: ConnectionSettingsOffers(hash: [2]),
            packagesAvailable: PackagesAvailable(packages: ["p": PackageAvailable()], allPackagesHash: [3]),
            agentIdentification: AgentIdentification(newInstanceUID: .uid(uid)))
        try view(answer) { view in
            #expect(view.errorType == .unavailable)
            #expect(view.errorResponse()?.retryInfo?.retryAfter.count == 7)
            #expect(view.newInstanceUID == .uid(uid))
            #expect(view.remoteConfigHash.copied() == [1])
            #expect(view.connectionSettingsHash.copied() == [2])
            #expect(view.allPackagesHash.copied() == [3])
            #expect(view.answer() == answer)
        }
    }

    @Test("A sub-message in parts is seen merged: the last part that speaks of a field counts")
    func parts() throws {
        var bytes = AgentToServer(
            health: ComponentHealth(healthy: true),
            remoteConfigStatus: RemoteConfigStatus(lastRemoteConfigHash: Self.hash, status: .applying)
        ).encoded()
        bytes += AgentToServer(health: ComponentHealth(status: "s")).encoded()
        bytes += AgentToServer(remoteConfigStatus: RemoteConfigStatus(status: .applied)).encoded()
        let view = try AgentToServerView(bytes.span.bytes)
        #expect(view.isHealthy == true)
        #expect(view.remoteConfigStatuses == .applied)
        #expect(view.lastRemoteConfigHash.elementsEqual(Self.hash) == true)
        #expect(view.report() == (try AgentToServer(decoding: bytes)))
    }

    private func view(_ report: AgentToServer, _ body: (borrowing AgentToServerView) throws -> Void) throws {
        let bytes = report.encoded()
        let view = try AgentToServerView(bytes.span.bytes)
        #expect(view.byteCount == bytes.count)
        try body(view)
    }

    private func view(_ answer: ServerToAgent, _ body: (borrowing ServerToAgentView) throws -> Void) throws {
        let bytes = answer.encoded()
        let view = try ServerToAgentView(bytes.span.bytes)
        #expect(view.byteCount == bytes.count)
        try body(view)
    }
}
