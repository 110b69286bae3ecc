public import Basis

/// Results that cannot be written: where, why, and what to do about it.
public enum ResultsError: Error, Hashable, Sendable, CustomStringConvertible {
    case file(FileError)
    /// The directory has results of another run; some of their files.
    case holdsAnotherRun(path: String, files: [String])
    /// Another process writes its results there at present.
    case inUse(path: String, by: String)
    /// Every number after the run's name is in use.
    case tooManyRuns(path: String)
    /// A figure that JSON cannot hold.
    case notEncodable(path: String)

    public var description: String {
        switch self {
        case .file(let error): "\(error)\(error.remedy.contains("choose") ? " with --out" : "")"
        case .holdsAnotherRun(let path, let files):
            "\(path) already holds the results of a run (\(files.joined(separator: ", "))); "
                + "choose another directory with --out, or replace them with --force"
        case .inUse(let path, let holder):
            "\(path) is in use by another run\(holder.isEmpty ? "" : " (\(holder))"); "
                + "choose another directory with --out, or wait for that run to end"
        case .tooManyRuns(let path): "\(path): too many runs of this name; move some of them away"
        case .notEncodable(let path):
            "\(path) cannot be written: a figure of the run has no JSON form; please report this as a defect"
        }
    }
}

/// The files of a run that are missing, each with its cause.
public struct ResultsErrors: Error, Hashable, Sendable, CustomStringConvertible {
    public var list: [ResultsError]

    public var description: String { list.map(\.description).joined(separator: "\n") }
}
