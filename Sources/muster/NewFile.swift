import Basis
import Foundation

/// Files that must not exist before, with their permissions from the first moment on.
enum NewFile {
    /// - Throws: `Failure` if the file already exists or cannot be written.
    static func write(_ text: String, to path: String, mode: mode_t) throws {
        do throws(FileError) { try Files.create(path, text.utf8, mode: mode) } catch {
            throw Failure(error.cause == .alreadyExists ? .badUsage : .runFailed, "\(error)")
        }
    }
}
