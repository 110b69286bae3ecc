import Basis
import OpAMP
import Testing

@testable import AgentModel

@Suite("Connection settings on trial")
struct ConnectionSettingsKeeperTests {
    private let former = HeartbeatSchedule.Interval(span: .seconds(30))
    private let settings = OpAMPConnectionSettings(destinationEndpoint: "ws://new/v1/opamp")

    private func trial(of settings: OpAMPConnectionSettings, drops: Bool = false) -> ConnectionSettingsKeeper {
        var keeper = ConnectionSettingsKeeper()
        keeper.beginTrial(of: settings, hash: [1], formerly: former, dropsCertificate: drops)
        return keeper
    }

    @Test("Settings are waited with, tried, and kept once the server has answered on them")
    func kept() {
        var keeper = trial(of: settings)
        #expect(keeper.isWaiting && !keeper.isTrying && keeper.target == nil)
        #expect(keeper.status.status == .applying)
        keeper.leftForTrial()
        #expect(keeper.isTrying && keeper.formerInterval == former)
        #expect(keeper.target?.isCandidate == true)
        keeper.commit()
        #expect(!keeper.isTrying && keeper.target?.isCandidate == false)
        #expect(keeper.target?.settings.destinationEndpoint == settings.destinationEndpoint)
        #expect(keeper.status == ConnectionSettingsStatus(lastConnectionSettingsHash: [1], status: .applied))
    }

    @Test("Settings that fail their trial are dropped for the former ones, with the reason in the status")
    func reverted() {
        var keeper = trial(of: settings)
        keeper.leftForTrial()
        keeper.commit()
        keeper.beginTrial(
            of: OpAMPConnectionSettings(destinationEndpoint: "ws://bad/"), hash: [2], formerly: former,
            dropsCertificate: false)
        keeper.leftForTrial()
        keeper.revert("no answer")
        #expect(keeper.target?.settings.destinationEndpoint == settings.destinationEndpoint)
        #expect(keeper.status.status == .failed && keeper.status.errorMessage == "no answer")
        #expect(keeper.status.lastConnectionSettingsHash == [2])
    }

    @Test("Nothing is kept that was not tried: steps out of order change nothing")
    func outOfOrder() {
        var keeper = ConnectionSettingsKeeper()
        keeper.leftForTrial()
        keeper.commit()
        #expect(keeper.target == nil && keeper.status == ConnectionSettingsStatus())
        keeper = trial(of: settings)
        keeper.commit()
        #expect(keeper.isWaiting && keeper.status.status == .applying)
    }

    @Test(
        "A certificate that the settings do not name stays, or is dropped where the plan says so",
        arguments: [true, false])
    func certificate(drops: Bool) {
        let certificate = TLSCertificate(cert: [1], privateKey: [2])
        var keeper = trial(of: OpAMPConnectionSettings(destinationEndpoint: "ws://a/", certificate: certificate))
        keeper.leftForTrial()
        keeper.commit()
        keeper.beginTrial(of: settings, hash: [2], formerly: former, dropsCertificate: drops)
        keeper.leftForTrial()
        #expect(keeper.target?.settings.certificate == (drops ? TLSCertificate() : certificate))
    }

    @Test("An offer is known by its hash; one without a hash by the settings that it asks for")
    func known() {
        let keeper = trial(of: settings)
        #expect(keeper.knows(ConnectionSettingsOffers(hash: [1])))
        #expect(!keeper.knows(ConnectionSettingsOffers(hash: [2], opamp: settings)))
        #expect(keeper.knows(ConnectionSettingsOffers(opamp: settings)))
        #expect(!keeper.knows(ConnectionSettingsOffers(opamp: OpAMPConnectionSettings(destinationEndpoint: "ws://x/"))))
    }
}
