/// How the agents of a cohort connect where they do otherwise than the fleet.
public struct CohortWire: Hashable, Sendable {
    /// What a cohort has in the place of something of the fleet's.
    public enum Own<Value: Hashable & Sendable>: Hashable, Sendable {
        case none
        case value(Value)
    }

    /// In the place of the fleet's; nil: the fleet's.
    public var compression: CompressionProfile?
    /// Added to the fleet's, and in the place of those of the same name; names distinct.
    public var headers: [HeaderProfile] = []
    /// In the place of the fleet's; nil: the fleet's.
    public var auth: Own<AuthProfile>?
    /// In the place of the fleet's; nil: the fleet's.
    public var proxy: Own<ProxyProfile>?
}

extension Profile {
    /// How the connections of a cohort's agents are made.
    func wire(of cohort: CohortProfile) -> WireProfile {
        var wire = wire
        let own = cohort.wire
        if let compression = own.compression { wire.compression = compression }
        for header in own.headers {
            wire.headers.removeAll { $0.name.lowercased() == header.name.lowercased() }
            wire.headers.append(header)
        }
        switch own.auth {
        case nil: break
        case .some(.none): wire.auth = nil
        case .some(.value(let auth)): wire.auth = auth
        }
        switch own.proxy {
        case nil: break
        case .some(.none): wire.proxy = nil
        case .some(.value(let proxy)): wire.proxy = proxy
        }
        return wire
    }
}
