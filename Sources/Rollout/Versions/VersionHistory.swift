/// One version of a layer or a channel. It never changes.
public struct LayerVersion: Hashable, Sendable {
    /// Why there is this version.
    public enum Cause: Hashable, Sendable {
        /// The server was started with it.
        case declared
        case changed
        /// It has the content of an earlier version.
        case rolledBack(to: Int)
        /// It has the content of a version of another channel.
        case promoted(from: String, version: Int)
    }

    /// From 1; later ones are higher.
    public var number: Int
    /// When it was made: Unix time in milliseconds.
    public var at: UInt64
    public var cause: Cause
    public var content: LayerContent

    public init(number: Int, at: UInt64, cause: Cause, content: LayerContent) {
        self.number = number
        self.at = at
        self.cause = cause
        self.content = content
    }
}

extension LayerVersion.Cause: CustomStringConvertible {
    public var description: String {
        switch self {
        case .declared: "declared"
        case .changed: "changed"
        case .rolledBack(let number): "rolled back to version \(number)"
        case .promoted(let channel, let number): "promoted from \(channel), version \(number)"
        }
    }
}

/// The versions of a layer or a channel, oldest first. Beyond the limits the oldest are forgotten, but never the last
/// one, nor the last one that was declared: a server that starts again compares it with what it is started with.
public struct VersionHistory: Hashable, Sendable {
    public static let maxVersions = 100
    /// Of all contents of a history together.
    public static let maxBytes = 32 << 20

    public private(set) var versions: [LayerVersion] = []

    public init() {}

    /// What is served.
    public var current: LayerVersion? { versions.last }

    /// A version by its number; nil where there is none, or it is forgotten.
    public subscript(number: Int) -> LayerVersion? { versions.first { $0.number == number } }

    /// Adds a version; one that is not newer than the last is ignored.
    mutating func append(_ version: LayerVersion) {
        guard version.number > current?.number ?? 0 else { return }
        versions.append(version)
        var bytes = versions.reduce(0) { $0 + $1.content.byteCount }
        while versions.count > Self.maxVersions || bytes > Self.maxBytes {
            let declared = versions.lastIndex { $0.cause == .declared }
            guard let oldest = versions.indices.dropLast().first(where: { $0 != declared }) else { return }
            bytes -= versions.remove(at: oldest).content.byteCount
        }
    }
}
