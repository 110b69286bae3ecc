import Hosting

extension Preparation {
    /// The layers and channels of the embedded server; nil: it has none.
    static func versions(_ profile: Profile) throws(RunError) -> VersionDesk? {
        guard case .embedded(let embedded) = profile.server, !embedded.served.isEmpty else { return nil }
        return try embedded.served.desk()
    }
}
