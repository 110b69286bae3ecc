import Foundation

extension ResultsDirectory {
    /// The very directory that the user named, made where it is missing. What an earlier run left there under the same
    /// names is replaced.
    public static func create(at path: String) throws(ResultsError) -> ResultsDirectory {
        let url = URL(fileURLWithPath: path, isDirectory: true)
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        } catch {
            throw ResultsError(path: url.path, error)
        }
        return ResultsDirectory(url: url)
    }
}
