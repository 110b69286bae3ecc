public import Basis
public import ControlPlane
public import OpAMP
public import Rollout
import Synchronization

/// The layers and channels that a server serves, with their histories: takes changes, writes each to its file before it
/// takes effect, and makes what the registries serve of them.
public final class VersionDesk: Sendable {
    /// A layer or a channel as the server is started with it.
    public struct Declared: Sendable {
        public var name: VersionBook.Name
        public var selection: Selection
        public var content: LayerContent

        public init(_ name: VersionBook.Name, for selection: Selection, _ content: LayerContent) {
            self.name = name
            self.selection = selection
            self.content = content
        }
    }

    /// How a channel's content becomes packages; each throws why it cannot, in words.
    public struct Packages: Sendable {
        /// The content with another file in it.
        var adding: @Sendable (_ file: String, LayerContent) throws -> LayerContent
        var available: @Sendable (LayerContent) throws -> PackagesAvailable

        public init(
            adding: @escaping @Sendable (_ file: String, LayerContent) throws -> LayerContent,
            available: @escaping @Sendable (LayerContent) throws -> PackagesAvailable
        ) {
            self.adding = adding
            self.available = available
        }
    }

    private struct State {
        var book: VersionBook
        var file: VersionFile?
        /// Grows with every change, so that of two changes the later one is served.
        var revision = VersionDesk.firstRevision
        var packages: Packages?
        /// By content: each file is read once for its hash.
        var available: [LayerContent: PackagesAvailable] = [:]
    }

    private let declared: [Declared]
    private let state: Mutex<State>
    private let clock: @Sendable () -> UInt64
    /// The versions that the file had when the server began; nil: there is no file.
    public let recovered: Int?

    /// Apart from the numbers of offers that are made one by one.
    private static let firstRevision: UInt32 = 1 << 30
    /// Contents of channels whose packages are kept.
    private static let maxAvailable = 256

    /// - Parameters:
    ///   - declared: in their order.
    ///   - path: the file with the histories, which is created where it is missing; nil: they end with the server.
    ///   - clock: Unix time in milliseconds.
    public init(
        _ declared: [Declared], file path: String? = nil, clock: @escaping @Sendable () -> UInt64
    ) throws(VersionDeskError) {
        self.declared = declared
        self.clock = clock
        var book = VersionBook()
        var file: VersionFile?
        if let path {
            let opened = try VersionFile.open(path)
            (file, book, recovered) = (opened.file, opened.book, opened.records)
        } else {
            recovered = nil
        }
        do throws(VersionError) {
            for item in declared {
                if let record = try book.declaring(item.content, as: item.name, at: clock()) { book.take(record) }
            }
        } catch { throw .refused(error.description) }
        do throws(FileError) { try file?.begin(with: book) } catch { throw .file(error) }
        state = Mutex(State(book: book, file: file))
    }

    /// The attributes that the selections ask for: the server has to keep them of its agents.
    public var labels: [String] {
        var labels: [String] = []
        for item in declared { for key in item.selection.keys where !labels.contains(key) { labels.append(key) } }
        return labels
    }

    /// Gives it the packages of channels.
    public func serve(_ packages: Packages) {
        state.withLock { $0.packages = packages }
    }

    /// Lets its file go: the server has ended, and changes nothing any more.
    public func close() {
        state.withLock { $0.file = nil }
    }

    var book: VersionBook { state.withLock { $0.book } }

    /// The names of what is served, in their order.
    var names: [VersionBook.Name] { declared.map(\.name) }

    /// What is served now.
    func standing() throws(VersionDeskError) -> StandingOffers {
        do { return try state.withLock { try standing($0.book, &$0) } } catch { throw Self.failure(error) }
    }

    /// A change that was made, or would be.
    struct Change {
        /// Nil: what there is has the same content.
        var record: VersionBook.Record?
        var standing: StandingOffers
    }

    /// Makes a change: its record is written before it takes effect.
    /// - Parameters:
    ///   - isTrial: nothing is changed and nothing written.
    ///   - body: makes the record of the book as it is; the second is the present time.
    func change(
        isTrial: Bool, _ body: (VersionBook, Packages?, UInt64) throws -> VersionBook.Record?
    ) throws(VersionDeskError) -> Change {
        do {
            return try state.withLock { state in
                let record = try body(state.book, state.packages, clock())
                guard let record else { return Change(record: nil, standing: try standing(state.book, &state)) }
                var changed = state.book
                changed.take(record)
                let standing = try standing(changed, &state)
                if !isTrial {
                    try state.file?.append(record, to: state.book)
                    state.book = changed
                }
                return Change(record: record, standing: standing)
            }
        } catch { throw Self.failure(error) }
    }

    private static func failure(_ error: any Error) -> VersionDeskError {
        switch error {
        case let error as VersionDeskError: error
        case let error as FileError: .file(error)
        case let error as VersionError:
            if case .tooLarge = error { .tooLarge("\(error)") } else { .unknown("\(error)") }
        default: .refused("\(error)")
        }
    }

    private func standing(_ book: VersionBook, _ state: inout State) throws -> StandingOffers {
        state.revision += 1
        var layers: [StandingOffers.Layer] = []
        var channels: [StandingOffers.Channel] = []
        for item in declared {
            let content = book[item.name].current?.content ?? item.content
            switch item.name.kind {
            case .layer: layers.append(StandingOffers.Layer(item.name.text, for: item.selection, content))
            case .channel:
                let packages = try available(content, &state)
                channels.append(StandingOffers.Channel(item.name.text, for: item.selection, packages))
            }
        }
        return StandingOffers(revision: state.revision, layers: layers, channels: channels)
    }

    private func available(_ content: LayerContent, _ state: inout State) throws -> PackagesAvailable? {
        guard !content.files.isEmpty, let packages = state.packages else { return nil }
        if let known = state.available[content] { return known }
        let made = try packages.available(content)
        if state.available.count >= Self.maxAvailable { state.available.removeAll() }
        state.available[content] = made
        return made
    }
}

/// Why layers and channels cannot be served, or a change of them cannot be made.
public enum VersionDeskError: Error, Hashable, Sendable, CustomStringConvertible {
    case file(FileError)
    /// The file is something else.
    case noJournal(path: String)
    /// Another server has the file.
    case inUse(path: String)
    /// There is no such layer, channel or version.
    case unknown(String)
    case tooLarge(String)
    case refused(String)

    public var description: String {
        switch self {
        case .file(let error): "\(error)"
        case .noJournal(let path): "\(path) has no versions of layers or channels; choose another file"
        case .inUse(let path): "another server uses \(path); choose another file"
        case .unknown(let reason), .tooLarge(let reason), .refused(let reason): reason
        }
    }
}

extension Selection {
    /// The attributes that it asks for.
    fileprivate var keys: [String] {
        switch self {
        case .all, .agents, .share: []
        case .attribute(let key, _), .values(let key, _): [key]
        case .not(let other): other.keys
        case .both(let left, let right): left.keys + right.keys
        }
    }
}
