import Basis
import OpAMP
import SwiftProtobuf
import Testing

/// Muster's codec against swift-protobuf's, on random messages of every type.
@Suite("The codec agrees with an independent one")
struct OracleTests {
    /// How many random messages of each type; the requirement is ten thousand.
    private static let count = 10_000

    /// Every message of the protocol.
    static let types: [any OracleTwin.Type] = [
        AgentToServer.self, ServerToAgent.self, AgentDescription.self, ComponentHealth.self, AvailableComponents.self,
        ComponentDetails.self, AgentDisconnect.self, AgentConfigMap.self, AgentConfigFile.self, EffectiveConfig.self,
        AgentRemoteConfig.self, RemoteConfigStatus.self, PackagesAvailable.self, PackageAvailable.self,
        DownloadableFile.self, PackageStatuses.self, PackageStatus.self, PackageDownloadDetails.self,
        ConnectionSettingsOffers.self, OpAMPConnectionSettings.self, TelemetryConnectionSettings.self,
        OtherConnectionSettings.self, TLSConnectionSettings.self, TLSCertificate.self, Headers.self, Header.self,
        ProxyConnectionSettings.self, ConnectionSettingsRequest.self, OpAMPConnectionSettingsRequest.self,
        CertificateRequest.self, ConnectionSettingsStatus.self, CustomCapabilities.self, CustomMessage.self,
        ServerErrorResponse.self, RetryInfo.self, ServerToAgentCommand.self, AgentIdentification.self, KeyValue.self,
        ArrayValue.self, KeyValueList.self, AnyValue.self,
    ]

    @Test(
        "Random messages are the same bytes and the same values both ways", arguments: zip(types.indices, types))
    func agreesBothWays(stream: Int, type: any OracleTwin.Type) throws {
        try check(type, stream: UInt64(stream))
    }

    private func check<Ours: OracleTwin>(_: Ours.Type, stream: UInt64) throws {
        var draw = TwinDraw(seed: 20_261_124, stream: stream)
        var sorted = BinaryEncodingOptions()
        sorted.useDeterministicOrdering = true
        for number in 0..<Self.count {
            let (ours, theirs) = Ours.twins(&draw)
            let bytes = ours.encoded()
            let theirBytes: [UInt8] = try theirs.serializedBytes(options: sorted)
            let decoded = try Ours(decoding: theirBytes)
            let theirDecoded = try Ours.Oracle(serializedBytes: bytes)
            // Checked in one place and named only on failure: an expectation a message would be most of the time.
            if bytes != theirBytes || decoded != ours || theirDecoded != theirs || ours.encodedSize != bytes.count {
                Issue.record("message \(number) of \(Ours.self) (seed 20261124, stream \(stream)): \(ours)")
                return
            }
        }
    }
}
