public import Basis
import OpAMP
import OrderedCollections

/// What one agent has accepted, and is trying, of the connection settings that servers offered it.
struct ConnectionSettingsKeeper {
    /// The state of the OpAMP settings: tried before they are kept (OpAMP Connection Setting Offer Flow).
    enum Trial {
        case none
        /// Accepted for a trial; the old connection is still open.
        case waiting(OpAMPConnectionSettings, formerly: Agent.OfferedInterval)
        /// The old connection has been left for it. With the heartbeat interval to go back to where it fails.
        case trying(OpAMPConnectionSettings, formerly: Agent.OfferedInterval)
    }

    private(set) var status = ConnectionSettingsStatus()
    private(set) var trial = Trial.none
    /// The settings in force; `nil`: those of the profile.
    private(set) var accepted: OpAMPConnectionSettings?
    /// The OpAMP settings that were tried last, whatever became of them: a server that sends them without a hash may mean nothing new.
    private var lastTried: OpAMPConnectionSettings?
    private(set) var others: OrderedDictionary<String, OtherConnectionSettings> = [:]
    /// When the present offer came.
    var offeredAt: Instant = .zero
    /// It has a certificate for this agent, so that nobody else has the same offer.
    var isPersonal = false

    var isTrying: Bool { formerRhythm != nil }

    /// By what interval the agent beat before it left for the settings that it tries; `nil` where it tries none.
    var formerRhythm: Agent.OfferedInterval? {
        if case .trying(_, let former) = trial { return former }
        return nil
    }

    var isWaiting: Bool {
        if case .waiting = trial { return true }
        return false
    }

    /// What the next connection is made with.
    var target: ConnectionTarget? {
        switch trial {
        case .trying(let settings, _): return ConnectionTarget(settings, isCandidate: true)
        case .none, .waiting: return accepted.map { ConnectionTarget($0, isCandidate: false) }
        }
    }

    /// Whether it is the offer that was taken last. One without a hash is told by what it asks for.
    func knows(_ offer: ConnectionSettingsOffers) -> Bool {
        guard offer.hash.isEmpty else { return status.lastConnectionSettingsHash == offer.hash }
        guard let opamp = offer.opamp, opamp.changesTheConnection, opamp == lastTried else { return false }
        return offer.ownMetrics == nil && offer.ownTraces == nil && offer.ownLogs == nil
            && offer.otherConnections.isEmpty
    }

    /// Another heartbeat interval was offered by itself.
    mutating func rhythmOffered(seconds: UInt64) {
        accepted?.heartbeatIntervalSeconds = seconds
    }

    /// Takes settings of other connections; what an entry leaves out stays as it was.
    mutating func take(_ offered: OrderedDictionary<String, OtherConnectionSettings>) {
        for (name, offer) in offered {
            var settings = others[name] ?? OtherConnectionSettings()
            if !offer.destinationEndpoint.isEmpty { settings.destinationEndpoint = offer.destinationEndpoint }
            if let headers = offer.headers { settings.headers = headers }
            if let certificate = offer.certificate { settings.certificate = certificate }
            if !offer.otherSettings.isEmpty { settings.otherSettings = offer.otherSettings }
            if let tls = offer.tls { settings.tls = tls }
            if let proxy = offer.proxy { settings.proxy = proxy }
            others[name] = settings
        }
    }

    mutating func applied(_ hash: [UInt8]) {
        status = ConnectionSettingsStatus(lastConnectionSettingsHash: hash, status: .applied)
    }

    mutating func failed(_ hash: [UInt8], _ reason: String) {
        status = ConnectionSettingsStatus(lastConnectionSettingsHash: hash, status: .failed, errorMessage: reason)
    }

    /// New OpAMP settings are to be tried. What they leave out of TLS and proxy goes on as it is (TLSConnectionSettings,
    /// ProxyConnectionSettings).
    /// - Parameters:
    ///   - former: the interval to go back to where they do not work.
    ///   - dropsCertificate: settings without a certificate are to be tried without one, as OpAMPConnectionSettings.certificate
    ///     asks; otherwise the one in force stays.
    mutating func beginTrial(
        of offered: OpAMPConnectionSettings, hash: [UInt8], formerly former: Agent.OfferedInterval,
        dropsCertificate: Bool
    ) {
        lastTried = offered
        var settings = offered
        if settings.destinationEndpoint.isEmpty { settings.destinationEndpoint = accepted?.destinationEndpoint ?? "" }
        if settings.tls == nil { settings.tls = accepted?.tls }
        if settings.proxy == nil { settings.proxy = accepted?.proxy }
        if settings.certificate == nil {
            settings.certificate = dropsCertificate ? TLSCertificate() : accepted?.certificate
        }
        trial = .waiting(settings, formerly: former)
        status = ConnectionSettingsStatus(lastConnectionSettingsHash: hash, status: .applying)
    }

    /// The old connection is being left for the trial.
    mutating func leftForTrial() {
        if case .waiting(let settings, let former) = trial { trial = .trying(settings, formerly: former) }
    }

    /// The server answered on the new settings: they are kept.
    mutating func commit() {
        guard case .trying(let settings, _) = trial else { return }
        accepted = settings
        trial = .none
        applied(status.lastConnectionSettingsHash)
    }

    /// The new settings do not work: back to the old ones.
    mutating func revert(_ reason: String) {
        trial = .none
        failed(status.lastConnectionSettingsHash, reason)
    }
}

/// How far an agent is with an offer of connection settings.
public struct SettingsStage: Hashable, Sendable {
    public enum Kind: UInt8, CaseIterable, Sendable {
        /// An offer came in that the agent did not have.
        case offered
        /// The settings of the OpAMP connection are being tried.
        case applying
        /// They are in force.
        case applied
        /// They were refused, or did not work.
        case failed
    }

    public let kind: Kind
    /// Which offer: the first eight bytes of the server's hash as a number. `nil`: it was for this agent alone, with a certificate of
    /// its own, and is part of no wave.
    public let wave: UInt64?
    /// Since the offer came in.
    public let elapsed: Nanoseconds
}
