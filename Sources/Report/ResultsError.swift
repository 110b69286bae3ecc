import Foundation

/// Results that could not be written: where, why, and what to do about it.
public struct ResultsError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Cause: Hashable, Sendable {
        case diskFull
        case notWritable
        case readOnlyVolume
        case notADirectory
        case missingParent
        case tooManyRuns
        case notEncodable
        /// Anything else, in the system's words.
        case other(String)
    }

    public var path: String
    public var cause: Cause

    public init(path: String, cause: Cause) {
        self.path = path
        self.cause = cause
    }

    public var description: String {
        switch cause {
        case .diskFull: "\(path): the disk is full; free some space or choose another place with --out"
        case .notWritable: "\(path): not writable for this user; change its rights or choose another place with --out"
        case .readOnlyVolume: "\(path): the file system is read-only; choose another place with --out"
        case .notADirectory: "\(path): is in the way, as a file; move it or choose another place with --out"
        case .missingParent: "\(path): the directory has gone; was it removed during the run?"
        case .tooManyRuns: "\(path): there are too many runs of this name; move some away"
        case .notEncodable: "\(path): a figure of the run cannot be written as JSON; please report this as a defect"
        case .other(let reason): "\(path): \(reason); choose another place with --out"
        }
    }

    /// An error of the file system.
    init(path: String, _ error: any Error) {
        self.init(path: path, cause: Self.cause(of: error))
    }

    static func cause(of error: any Error) -> Cause {
        if let error = error as? POSIXError { return cause(of: error.code, error) }
        guard let error = error as? CocoaError else { return .other("\(error)") }
        switch error.code {
        case .fileWriteOutOfSpace: return .diskFull
        case .fileWriteNoPermission: return .notWritable
        case .fileWriteVolumeReadOnly: return .readOnlyVolume
        case .fileNoSuchFile: return .missingParent
        default:
            guard let underlying = error.underlying as? POSIXError else { return .other(error.localizedDescription) }
            return cause(of: underlying.code, error)
        }
    }

    private static func cause(of code: POSIXErrorCode, _ error: any Error) -> Cause {
        switch code {
        case .ENOSPC, .EDQUOT: .diskFull
        case .EACCES, .EPERM: .notWritable
        case .EROFS: .readOnlyVolume
        case .ENOTDIR, .EEXIST: .notADirectory
        case .ENOENT: .missingParent
        default: .other(error.localizedDescription)
        }
    }
}
