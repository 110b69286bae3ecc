import Foundation
import Glibc

/// Files that must not be there before, with their permissions from the first moment on.
enum NewFile {
    /// - Throws: `Failure` where the file is there already or cannot be written.
    static func write(_ text: String, to path: String, mode: mode_t) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else {
            let reason = errno == EEXIST ? "it is there already; remove it yourself" : String(cString: strerror(errno))
            throw Failure(.badUsage, "\(path) cannot be made: \(reason).")
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try handle.write(contentsOf: Data(text.utf8))
            try handle.close()
        } catch {
            throw Failure(.runFailed, "\(path) cannot be written: \(error.localizedDescription)")
        }
    }
}
