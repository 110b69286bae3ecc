import OpAMP
import OrderedCollections

/// What one agent has accepted, and is trying, of the connection settings that servers offered it.
struct ConnectionSettingsKeeper {
    /// The state of the OpAMP settings: tried before they are kept (OpAMP Connection Setting Offer Flow).
    enum Trial {
        case none
        /// Accepted for a trial; the old connection is still open.
        case waiting(OpAMPConnectionSettings)
        /// The old connection has been left for it.
        case trying(OpAMPConnectionSettings)
    }

    private(set) var status = ConnectionSettingsStatus()
    private(set) var trial = Trial.none
    /// The settings in force; `nil`: those of the profile.
    private(set) var accepted: OpAMPConnectionSettings?
    private(set) var telemetry: [TelemetrySignal: TelemetryConnectionSettings] = [:]
    private(set) var others: OrderedDictionary<String, OtherConnectionSettings> = [:]

    var isTrying: Bool {
        if case .trying = trial { return true }
        return false
    }

    var isWaiting: Bool {
        if case .waiting = trial { return true }
        return false
    }

    /// What the next connection is made with.
    var target: ConnectionTarget? {
        switch trial {
        case .trying(let settings): return ConnectionTarget(settings, isCandidate: true)
        case .none, .waiting: return accepted.map { ConnectionTarget($0, isCandidate: false) }
        }
    }

    func knows(_ hash: [UInt8]) -> Bool {
        !hash.isEmpty && status.lastConnectionSettingsHash == hash
    }

    mutating func take(_ settings: TelemetryConnectionSettings, for signal: TelemetrySignal) {
        telemetry[signal] = settings
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

    /// New OpAMP settings are to be tried.
    mutating func beginTrial(of settings: OpAMPConnectionSettings, hash: [UInt8]) {
        trial = .waiting(settings)
        status = ConnectionSettingsStatus(lastConnectionSettingsHash: hash, status: .applying)
    }

    /// The old connection is being left for the trial.
    mutating func leftForTrial() {
        if case .waiting(let settings) = trial { trial = .trying(settings) }
    }

    /// The server answered on the new settings: they are kept. An endpoint that was left out stays the old one.
    mutating func commit() {
        guard case .trying(var settings) = trial else { return }
        if settings.destinationEndpoint.isEmpty { settings.destinationEndpoint = accepted?.destinationEndpoint ?? "" }
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
