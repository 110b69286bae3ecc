import OrderedCollections

/// Reading a tree of component health (ComponentHealth Message).
extension ComponentHealth {
    /// Whether it and all below it are healthy.
    public var isHealthyThroughout: Bool { healthy && componentHealthMap.values.allSatisfy(\.isHealthyThroughout) }

    /// Which of some components are unhealthy, a bit each, the first one's the lowest; at most eight are looked at.
    /// - Parameter components: a component's key in the map that it is in, or a path of keys with slashes, such as
    ///   `pipeline:traces/exporter:otlp`; nil: the whole and everything in it.
    public func unhealthy(among components: [String?]) -> UInt8 {
        var found: UInt8 = 0
        for (place, name) in components.prefix(8).enumerated() {
            let isUnhealthy = name.map { hasUnhealthy($0[...], isBelow: false) } ?? !isHealthyThroughout
            if isUnhealthy { found |= 1 << UInt8(place) }
        }
        return found
    }

    /// Whether a component of a name is unhealthy.
    /// - Parameter isBelow: whether the name is the rest of a path, and has to begin here.
    private func hasUnhealthy(_ name: Substring, isBelow: Bool) -> Bool {
        for (key, child) in componentHealthMap {
            if name == key, !child.healthy { return true }
            if name.hasPrefix(key + "/"), child.hasUnhealthy(name.dropFirst(key.count + 1), isBelow: true) {
                return true
            }
            if !isBelow, child.hasUnhealthy(name, isBelow: false) { return true }
        }
        return false
    }
}
