/// Everything found wrong with a profile in one reading, so that it is mended in one go.
public struct ProfileErrors: Error, Hashable, Sendable {
    /// The most errors kept: a file that is no profile at all should not print pages.
    public static let maxKept = 50

    /// What was read: a file's name, or the words for the command line.
    public var source: String
    /// The errors in the order of their places; never empty.
    public var list: [ProfileError]
    /// How many more there were than `list` holds.
    public var leftOut: Int

    public init(source: String, list: [ProfileError], leftOut: Int = 0) {
        self.source = source
        self.list = list
        self.leftOut = leftOut
    }
}

extension ProfileErrors: CustomStringConvertible {
    /// One line for each error, `source:line:column: path: what is wrong`, as editors and terminals know to jump to.
    public var description: String {
        var lines = list.map { error in
            error.place == nil ? "\(source): \(error)" : "\(source):\(error)"
        }
        if leftOut > 0 { lines.append("\(source): and \(leftOut) more") }
        return lines.joined(separator: "\n")
    }
}

/// Where a reading puts what it finds wrong. Local to one reading.
final class ProblemList {
    private(set) var kept: [ProfileError] = []
    private(set) var leftOut = 0
    /// Where files that the profile names are looked for; nil where it may name none.
    let folder: String?

    init(folder: String? = nil) {
        self.folder = folder
    }

    var isEmpty: Bool { kept.isEmpty }

    func add(_ kind: ProfileError.Kind, path: String, place: ProfileError.Place?) {
        if kept.count < ProfileErrors.maxKept {
            kept.append(ProfileError(kind, path: path, place: place))
        } else {
            leftOut += 1
        }
    }

    /// Nothing where nothing is wrong, else everything, in the order of the text.
    func throwAny(source: String) throws(ProfileErrors) {
        if isEmpty { return }
        let last = ProfileError.Place(line: .max, column: .max)
        let ordered = kept.enumerated().sorted { left, right in
            (left.element.place ?? last, left.offset) < (right.element.place ?? last, right.offset)
        }
        throw ProfileErrors(source: source, list: ordered.map(\.element), leftOut: leftOut)
    }
}
