import Basis
import OpAMP
import OrderedCollections

extension ConnectionSettingsOffers {
    /// What a profile's event offers.
    /// - Parameter heartbeat: the interval where the event names none.
    init(_ offer: ConnectionOffer, heartbeat: Nanoseconds) {
        self.init()
        if let settings = offer.opamp {
            let interval = settings.heartbeat ?? heartbeat
            opamp = OpAMPConnectionSettings(
                destinationEndpoint: settings.destination.endpoint, headers: Headers(settings.destination.headers),
                heartbeatIntervalSeconds: UInt64(max(interval.count / 1_000_000_000, 0)))
        }
        ownMetrics = offer.ownMetrics.map(TelemetryConnectionSettings.init)
        ownTraces = offer.ownTraces.map(TelemetryConnectionSettings.init)
        ownLogs = offer.ownLogs.map(TelemetryConnectionSettings.init)
        for other in offer.others {
            var settings = OtherConnectionSettings(
                destinationEndpoint: other.destination.endpoint, headers: Headers(other.destination.headers))
            for pair in other.settings { settings.otherSettings[pair.name] = pair.value }
            otherConnections[other.name] = settings
        }
    }

    /// Adds headers to the destinations for telemetry for which `isMeant` holds and that do not name them.
    mutating func showing(_ headers: Headers, where isMeant: (String) -> Bool) {
        func add(_ settings: inout TelemetryConnectionSettings?) {
            guard let endpoint = settings?.destinationEndpoint, isMeant(endpoint) else { return }
            let own = settings?.headers?.headers ?? []
            let names = Set(own.map { $0.key.lowercased() })
            settings?.headers = Headers(
                headers: own + headers.headers.filter { !names.contains($0.key.lowercased()) })
        }
        add(&ownMetrics)
        add(&ownTraces)
        add(&ownLogs)
    }

    /// Changes every endpoint in it.
    mutating func replaceEndpoints(_ change: (String) -> String) {
        if let endpoint = opamp?.destinationEndpoint { opamp?.destinationEndpoint = change(endpoint) }
        if let endpoint = ownMetrics?.destinationEndpoint { ownMetrics?.destinationEndpoint = change(endpoint) }
        if let endpoint = ownTraces?.destinationEndpoint { ownTraces?.destinationEndpoint = change(endpoint) }
        if let endpoint = ownLogs?.destinationEndpoint { ownLogs?.destinationEndpoint = change(endpoint) }
        for name in otherConnections.keys {
            guard let endpoint = otherConnections[name]?.destinationEndpoint else { continue }
            otherConnections[name]?.destinationEndpoint = change(endpoint)
        }
    }
}

extension TelemetryConnectionSettings {
    fileprivate init(_ destination: ConnectionOffer.Destination) {
        self.init(destinationEndpoint: destination.endpoint, headers: Headers(destination.headers))
    }
}

extension Headers {
    /// `nil` if there are none: the present headers stay.
    fileprivate init?(_ headers: [ConnectionOffer.Header]) {
        guard !headers.isEmpty else { return nil }
        self.init(headers: headers.map { Header(key: $0.name, value: $0.value) })
    }
}

extension Profile {
    /// The heartbeat interval that an offer of connection settings carries where its event names none: an offer without
    /// one would switch the heartbeats off.
    var offeredHeartbeat: Nanoseconds {
        if case .embedded(let server) = server, let interval = server.heartbeatInterval { return interval }
        let own = cohorts.map(\.heartbeat.interval).min() ?? .seconds(30)
        return max(.seconds((own.count + 999_999_999) / 1_000_000_000), .seconds(1))
    }
}
