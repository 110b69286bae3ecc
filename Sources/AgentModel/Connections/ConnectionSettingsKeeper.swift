import Basis
public import OpAMP
import OrderedCollections

/// What one agent has accepted, and is trying, of the connection settings that servers offered it.
struct ConnectionSettingsKeeper {
    /// The state of the OpAMP settings: tried before they are kept (OpAMP Connection Setting Offer Flow).
    enum Trial {
        case none
        /// Accepted for a trial; the old connection is still open.
        case waiting(OpAMPConnectionSettings, formerly: HeartbeatSchedule.Interval)
        /// The old connection has been closed for it. With the heartbeat interval to return to where it fails.
        case trying(OpAMPConnectionSettings, formerly: HeartbeatSchedule.Interval)
    }

    private(set) var status = ConnectionSettingsStatus()
    private(set) var trial = Trial.none
    /// The settings in force; `nil`: those of the profile.
    private(set) var accepted: OpAMPConnectionSettings?
    /// The OpAMP settings that were tried last, with any outcome: a server may send them again without a hash.
    private var lastTried: OpAMPConnectionSettings?
    private(set) var others: OrderedDictionary<String, OtherConnectionSettings> = [:]
    /// When the present offer came.
    var offeredAt: Instant = .zero
    /// It contains a certificate for this agent, so no other agent has the same offer.
    var isPersonal = false

    var isTrying: Bool { formerInterval != nil }

    /// The heartbeat interval from before the trial of settings; `nil` where none is under way.
    var formerInterval: HeartbeatSchedule.Interval? {
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

    /// Whether it is the offer that was processed last. One without a hash is recognised by its settings.
    func knows(_ offer: ConnectionSettingsOffers) -> Bool {
        guard offer.hash.isEmpty else { return status.lastConnectionSettingsHash == offer.hash }
        guard let opamp = offer.opamp, opamp.changesTheConnection, opamp == lastTried else { return false }
        return offer.ownMetrics == nil && offer.ownTraces == nil && offer.ownLogs == nil
            && offer.otherConnections.isEmpty
    }

    /// Another heartbeat interval was offered by itself.
    mutating func intervalOffered(seconds: UInt64) {
        accepted?.heartbeatIntervalSeconds = seconds
    }

    /// Accepts settings of other connections; missing entries stay as they were.
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

    /// New OpAMP settings are to be tried. What they leave out of TLS and proxy stays as it is (TLSConnectionSettings,
    /// ProxyConnectionSettings).
    /// - Parameters:
    ///   - former: the interval to go back to where they do not work.
    ///   - dropsCertificate: settings without a certificate are to be tried without one, as
    ///     OpAMPConnectionSettings.certificate asks; otherwise the one in force stays.
    mutating func beginTrial(
        of offered: OpAMPConnectionSettings, hash: [UInt8], formerly former: HeartbeatSchedule.Interval,
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

    /// The old connection is being closed for the trial.
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

/// How the agents of a cohort process offers of connection settings (Connection Settings Management).
public struct ConnectionSettingsPlan: Sendable {
    /// Whether a certificate can be kept over a restart; agents that cannot reject certificate offers (OpAMP Connection
    /// Setting Offer Flow).
    public var persistsCertificates: Bool
    /// Whether settings that are offered without a certificate remove the one in force, as the specification asks
    /// (OpAMPConnectionSettings.certificate); otherwise it stays in use, as under the OpenTelemetry supervisor.
    public var dropsCertificate: Bool
    /// Whether the target of the profile is reached over TLS.
    public var connectsSecurely = false
    /// Whether an agent that is connected over TLS follows an offer of an endpoint without TLS. Such an offer is
    /// refused by default: everything that the agent sends, credentials included, would be readable on the way.
    public var allowsPlaintextEndpoints = false
    /// Whether an agent uses offered settings that switch off the verification of the server's certificate
    /// (TLSConnectionSettings.insecure_skip_verify). They are refused by default: anybody could be that server.
    public var allowsUnverifiedServers = false
    /// Makes the PEM-encoded certificate signing request of an agent for its present instance uid. `nil`: the agents
    /// ask for no certificate (Agent-initiated CSR Flow). Must be a pure function of its arguments.
    public var certificateRequest: (@Sendable (_ index: UInt64, _ instanceUID: InstanceUID) -> [UInt8])?

    public init(
        persistsCertificates: Bool = true,
        dropsCertificate: Bool = false,
        certificateRequest: (@Sendable (_ index: UInt64, _ instanceUID: InstanceUID) -> [UInt8])? = nil
    ) {
        self.persistsCertificates = persistsCertificates
        self.dropsCertificate = dropsCertificate
        self.certificateRequest = certificateRequest
    }
}

/// Where and how an agent connects, as a server has offered it. What is empty or absent in the settings stays as in the
/// profile; a certificate that is present and empty means that none is sent. Shared, not copied.
public final class ConnectionTarget: Sendable {
    public let settings: OpAMPConnectionSettings
    /// Whether the settings are only being tried: they are kept where the server answers on them, and dropped
    /// otherwise.
    public let isCandidate: Bool

    init(_ settings: OpAMPConnectionSettings, isCandidate: Bool) {
        self.settings = settings
        self.isCandidate = isCandidate
    }
}
