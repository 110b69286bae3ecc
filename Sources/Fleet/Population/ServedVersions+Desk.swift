import Basis
import ControlPlane
import Engine
public import Hosting
import OpAMP
import OrderedCollections
import Rollout
import Schema

extension ServedVersions {
    /// The layers and channels of a server.
    /// - Parameters:
    ///   - path: the file with their histories; nil: they end with the server.
    /// - Throws: what cannot be read or served.
    public func desk(file path: String? = nil) throws(RunError) -> VersionDesk {
        let configs = try ConfigFiles(layers.flatMap(\.files))
        var declared = layers.map { layer in
            var content = LayerContent(without: Set(layer.without))
            for file in layer.files { content.files[file.name] = configs.bytes(of: file.body, number: 1) }
            return VersionDesk.Declared(
                VersionBook.Name(.layer, layer.name), for: Selection(layer.selector), content)
        }
        do {
            declared += try channels.map { channel in
                let content = try channel.files.reduce(LayerContent()) { try ChannelPackage.adding($1, to: $0) }
                return VersionDesk.Declared(
                    VersionBook.Name(.channel, channel.name), for: Selection(channel.selector), content)
            }
        } catch { throw .packages("channels: \(error)") }
        do throws(VersionDeskError) {
            return try VersionDesk(declared, file: path) { WallClock.unixNanoseconds(at: Shard.clock) / 1_000_000 }
        } catch { throw .versions(error.description) }
    }
}

extension VersionDesk {
    /// Serves the layers and channels on a server that listens.
    /// - Parameters:
    ///   - store: where the packages of channels are.
    ///   - base: where agents download from: `http://10.0.0.1:4320`.
    public func serve(
        on server: OpAMPServer, _ store: PackageStore?, base: String, _ access: PackageAccess
    ) throws(RunError) {
        if let store { serve(Packages(of: store, base: base, headers: access.headers)) }
        do throws(VersionDeskError) { try server.serve(self) } catch { throw .versions(error.description) }
    }
}

extension VersionDesk.Packages {
    /// Channels whose packages are files of a folder.
    /// - Parameters:
    ///   - base: where the server is reached.
    ///   - headers: what agents have to show there.
    fileprivate init(of store: PackageStore, base: String, headers: Headers?) {
        self.init(
            adding: { try ChannelPackage.adding($0, to: $1) },
            available: { content in
                let packages = content.files.values.compactMap(ChannelPackage.init).sorted()
                return try PackageFolderOffer.packages(packages.map(\.file), in: store, base: base, headers: headers)
            })
    }
}

/// A package of a channel as a version of the channel holds it: two lines of text.
private struct ChannelPackage: Comparable {
    var file: String
    var isAddon: Bool

    init(file: String, isAddon: Bool) {
        self.file = file
        self.isAddon = isAddon
    }

    init?(_ bytes: [UInt8]) {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        guard let file = lines.first, file.hasPrefix(Self.fileWord) else { return nil }
        let isAddon = lines.last.map(String.init) == Self.addonLine
        self.init(file: String(file.dropFirst(Self.fileWord.count)), isAddon: isAddon)
    }

    private static let fileWord = "file: "
    private static let addonLine = "type: addon"

    var bytes: [UInt8] { Array("\(Self.fileWord)\(file)\n\(isAddon ? Self.addonLine : "type: top-level")\n".utf8) }

    /// The agent itself before its addons.
    static func < (left: ChannelPackage, right: ChannelPackage) -> Bool {
        left.isAddon == right.isAddon ? left.file < right.file : right.isAddon
    }

    /// A content with another file, which replaces another version of its package.
    static func adding(_ file: String, to content: LayerContent) throws -> LayerContent {
        guard let name = PackageFileName.parts(of: file)?.name, !file.contains("\n") else {
            throw PackageCatalogueError.unserved(
                "the name '\(file)' says no version; call it as in collector-0.115.0.tar.gz to offer it")
        }
        let former = content.files[name].flatMap(ChannelPackage.init)
        var content = content
        let package = ChannelPackage(file: file, isAddon: former?.isAddon ?? !content.files.isEmpty)
        content.files[name] = package.bytes
        return content
    }
}

extension Selection {
    /// The agents that a selector is for.
    init(_ selector: LayerSelector) {
        var conditions = selector.attributes.map { Selection.values($0.name, of: Set($0.value)) }
        conditions += selector.except.map { .not(.values($0.name, of: Set($0.value))) }
        self = conditions.first.map { conditions.dropFirst().reduce($0) { .both($0, $1) } } ?? .all
    }
}
