public import Basis
import ControlPlane
import Foundation
public import OpAMP
import OrderedCollections
import Schema

/// The configuration that a server without a profile offers to every agent: files as they are, under their own names.
public enum StandingConfig {
    /// Of all files together, in bytes. Each agent gets them: larger ones would be a load test of their own.
    public static let largest = 8 << 20

    /// - Parameter paths: the files; their last components are their names in the offer.
    /// - Throws: the file that cannot be offered, and what to do about it.
    public static func offer(_ paths: [String]) throws(StandingConfigError) -> AgentRemoteConfig {
        var map = AgentConfigMap()
        var left = largest
        for path in paths {
            let name = URL(fileURLWithPath: path).lastPathComponent
            guard map.configMap[name] == nil else { throw .twice(name: name) }
            let body = try contents(of: path, atMost: left)
            left -= body.count
            map.configMap[name] = AgentConfigFile(body: body, named: name)
        }
        return AgentRemoteConfig(config: map)
    }

    private static func contents(of path: String, atMost limit: Int) throws(StandingConfigError) -> [UInt8] {
        do throws(FileError) {
            // A pipe or a device might never end.
            return try Files.read(path, limit: limit, onlyRegular: true)
        } catch {
            if case .tooLargeToRead = error.cause { throw .tooLarge(path: path) }
            throw .unreadable(error)
        }
    }
}

/// A configuration that cannot be offered: the user's to mend.
public enum StandingConfigError: Error, Hashable, Sendable, CustomStringConvertible {
    case unreadable(FileError)
    case twice(name: String)
    case tooLarge(path: String)

    public var description: String {
        switch self {
        case .unreadable(let error): return "\(error)"
        case .twice(let name): return "two files are called '\(name)'; agents tell files by their names, so rename one"
        case .tooLarge(let path):
            return
                "with '\(path)' the configuration has more than \(SizeText.format(StandingConfig.largest)); offer less"
        }
    }
}
