import Basis
import Foundation
public import Schema

/// Reads profiles from YAML, strictly: all errors are reported at once, with their places.
public struct ProfileReader: Sendable {
    public init() {}

    /// Reads the file at `path`.
    /// - Parameter overrides: what the command line changes.
    public func read(path: String, overrides: [Override] = []) throws(Problems) -> Profile {
        let content: [UInt8]
        do {
            content = try Files.read(path, limit: Tree.maxBytes)
        } catch {
            if case .tooLargeToRead(let limit) = error.cause {
                throw Problems(source: path, list: [Problem(.tooLarge(limit: limit))])
            }
            throw Problems(source: path, list: [Problem(.unreadable(reason: "\(error.cause); \(error.remedy)"))])
        }
        return try Profile.schema.read(
            content, source: path, folder: URL(fileURLWithPath: path).deletingLastPathComponent().path,
            overrides: overrides)
    }

    /// Reads a profile's text. `source` is its name in messages.
    public func read(text: String, source: String, overrides: [Override] = []) throws(Problems) -> Profile {
        try read(bytes: Array(text.utf8), source: source, overrides: overrides)
    }

    /// Reads a profile's bytes, which have to be UTF-8. `source` is its name in messages.
    public func read(bytes: [UInt8], source: String, overrides: [Override] = []) throws(Problems) -> Profile {
        try Profile.schema.read(bytes, source: source, overrides: overrides)
    }
}
