import Basis

/// The files that a profile's offers of configurations name by their paths, read once before the run.
struct ConfigFiles: Sendable {
    private var contents: [String: [UInt8]] = [:]

    /// An offer of that size still fits into a message of the size that the specification recommends as a limit.
    static let largestFile = 60 << 20

    init() {}

    /// - Throws: `RunError` for a file that cannot be read or is too large.
    init(_ profile: Profile) throws(RunError) {
        try self.init(
            profile.events.flatMap { event -> [ConfigOffer.File] in
                if case .offerConfig(let offer) = event.action { offer.files } else { [] }
            })
    }

    /// - Throws: as above.
    init(_ files: [ConfigOffer.File]) throws(RunError) {
        for file in files {
            guard case .path(let path) = file.body, contents[path] == nil else { continue }
            do throws(FileError) {
                contents[path] = try Files.read(path, limit: Self.largestFile, onlyRegular: true)
            } catch {
                throw .configFile(error)
            }
        }
    }

    /// The content of a file.
    /// - Parameter number: of the offer, for generated content.
    func bytes(of body: ConfigOffer.Body, number: UInt32) -> [UInt8] {
        switch body {
        case .text(let text): Array(text.utf8)
        case .generated(let bytes): GeneratedConfig.yaml(bytes: bytes, number: number)
        case .path(let path): contents[path] ?? []
        }
    }
}
