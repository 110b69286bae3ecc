/// The histories of all layers and channels of a server: a value without I/O. A change is made in two steps, so that
/// its record can be written before it takes effect: a function makes the record, `take` takes it.
public struct VersionBook: Hashable, Sendable {
    public enum Kind: UInt8, CaseIterable, Hashable, Sendable {
        case layer, channel

        var noun: String {
            switch self {
            case .layer: "layer"
            case .channel: "channel"
            }
        }
    }

    /// Whose versions they are.
    public struct Name: Hashable, Comparable, Sendable {
        public var kind: Kind
        public var text: String

        public init(_ kind: Kind, _ text: String) {
            self.kind = kind
            self.text = text
        }

        public static func < (left: Name, right: Name) -> Bool {
            (left.kind.rawValue, left.text) < (right.kind.rawValue, right.text)
        }
    }

    /// A new version, as it is written and taken.
    public struct Record: Hashable, Sendable {
        public var name: Name
        public var version: LayerVersion
    }

    /// What the current versions of all layers may have together, in bytes.
    public static let maxServedBytes = 8 << 20
    public static let maxHistories = 256

    public private(set) var histories: [Name: VersionHistory] = [:]

    public init() {}

    public subscript(name: Name) -> VersionHistory { histories[name] ?? VersionHistory() }

    /// Takes a record. One that is older than what there is changes nothing.
    public mutating func take(_ record: Record) {
        guard histories[record.name] != nil || histories.count < Self.maxHistories else { return }
        histories[record.name, default: VersionHistory()].append(record.version)
    }

    /// What a server is started with. What was changed since the same content was declared last stays.
    /// - Returns: nil: nothing is new.
    public func declaring(_ content: LayerContent, as name: Name, at now: UInt64) throws(VersionError) -> Record? {
        let last = self[name].versions.last { $0.cause == .declared }
        guard last?.content != content else { return nil }
        return try record(content, name, .declared, now)
    }

    /// A new version.
    /// - Returns: nil: the content is that of the current version.
    public func changing(_ name: Name, to content: LayerContent, at now: UInt64) throws(VersionError) -> Record? {
        let current = try current(of: name)
        return current.content == content ? nil : try record(content, name, .changed, now)
    }

    /// A new version with the content of an earlier one.
    /// - Returns: nil: the content is that of the current version.
    public func rollingBack(_ name: Name, to number: Int, at now: UInt64) throws(VersionError) -> Record? {
        let content = try version(number, of: name).content
        return try current(of: name).content == content
            ? nil : try record(content, name, .rolledBack(to: number), now)
    }

    /// A new version of a channel with what another one has.
    /// - Returns: nil: both have the same.
    public func promoting(from source: String, to channel: String, at now: UInt64) throws(VersionError) -> Record? {
        let (source, name) = (Name(.channel, source), Name(.channel, channel))
        let promoted = try current(of: source)
        guard try current(of: name).content != promoted.content else { return nil }
        return try record(promoted.content, name, .promoted(from: source.text, version: promoted.number), now)
    }

    /// The difference between two versions as text; empty where there is none.
    public func difference(of name: Name, from old: Int, to new: Int) throws(VersionError) -> String {
        let (from, to) = (try version(old, of: name), try version(new, of: name))
        return from.content.difference(to: to.content, from: "version \(old)", to: "version \(new)")
    }

    /// The current version of a layer or channel that there is.
    public func current(of name: Name) throws(VersionError) -> LayerVersion {
        guard let current = histories[name]?.current else {
            throw .unknown(name, known: histories.keys.filter { $0.kind == name.kind }.map(\.text).sorted())
        }
        return current
    }

    public func version(_ number: Int, of name: Name) throws(VersionError) -> LayerVersion {
        _ = try current(of: name)
        guard let version = self[name][number] else {
            throw .unknownVersion(number, of: name, known: self[name].versions.map(\.number))
        }
        return version
    }

    private func record(
        _ content: LayerContent, _ name: Name, _ cause: LayerVersion.Cause, _ now: UInt64
    ) throws(VersionError) -> Record {
        guard histories[name] != nil || histories.count < Self.maxHistories else { throw .tooMany }
        let others = histories.filter { $0.key.kind == name.kind && $0.key != name }
        let bytes = others.values.reduce(content.byteCount) { $0 + ($1.current?.content.byteCount ?? 0) }
        guard bytes <= Self.maxServedBytes else { throw .tooLarge(name) }
        let number = (self[name].current?.number ?? 0) + 1
        return Record(name: name, version: LayerVersion(number: number, at: now, cause: cause, content: content))
    }
}

/// Why there is no such version, or can be none.
public enum VersionError: Error, Hashable, Sendable, CustomStringConvertible {
    case unknown(VersionBook.Name, known: [String])
    case unknownVersion(Int, of: VersionBook.Name, known: [Int])
    case tooLarge(VersionBook.Name)
    case tooMany

    public var description: String {
        switch self {
        case .unknown(let name, let known):
            "there is no \(name.kind.noun) '\(name.text)'; there are: "
                + (known.isEmpty ? "none" : known.joined(separator: ", "))
        case .unknownVersion(let number, let name, let known):
            "the \(name.kind.noun) '\(name.text)' has no version \(number); kept are "
                + known.map(String.init).joined(separator: ", ")
        case .tooLarge(let name):
            "with the \(name.kind.noun) '\(name.text)' there would be more than "
                + "\(VersionBook.maxServedBytes >> 20) MiB; make the files smaller"
        case .tooMany: "there are \(VersionBook.maxHistories) layers and channels already; remove some"
        }
    }
}
