import Basis

/// The files that a profile's offers of configurations name by their paths, read once before the run.
struct ConfigFiles: Sendable {
    private var contents: [String: [UInt8]] = [:]

    /// An offer of that size still fits into a message of the size that the specification recommends as a limit.
    static let largestFile = 60 << 20

    init() {}

    /// - Throws: `RunError` for a file that cannot be read or is too large.
    init(_ profile: Profile) throws(RunError) {
        for event in profile.events {
            guard case .offerConfig(let offer) = event.action else { continue }
            for file in offer.files {
                guard case .path(let path) = file.body, contents[path] == nil else { continue }
                do throws(FileError) {
                    contents[path] = try Files.read(path, limit: Self.largestFile, onlyRegular: true)
                } catch {
                    throw .configFile(error)
                }
            }
        }
    }

    subscript(path: String) -> [UInt8] { contents[path] ?? [] }
}
