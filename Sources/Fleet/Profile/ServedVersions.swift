public import Rollout
public import Schema

/// What a server of ours serves in versions: layers of configuration, and channels of packages.
public struct ServedVersions: Hashable, Sendable {
    public var layers: [ServedLayer] = []
    public var channels: [ServedChannel] = []

    public init() {}

    public var isEmpty: Bool { layers.isEmpty && channels.isEmpty }
}

/// A layer whose files may be texts, files or generated.
public struct ServedLayer: Hashable, Sendable {
    public var name = ""
    public var selector = LayerSelector()
    public var files: [ConfigOffer.File] = []
    public var without: [String] = []
}

/// A channel of package files of the server's folder.
public struct ServedChannel: Hashable, Sendable {
    public var name = ""
    public var selector = LayerSelector()
    /// The first is the agent itself, the others are addons to it.
    public var files: [String] = []
}

extension ServedVersions: Settings {
    public static let standard = ServedVersions()

    public static let schema = Schema<ServedVersions>(
        "layers and channels", "What a server serves in versions: layers of configuration, and channels of packages.",
        [
            Key(
                "layers", \.layers, .list("layers", 0...64, of: .section),
                "Layers of configuration, in their order. An agent gets the files of all layers that it is of.",
                omitsDefault: true),
            Key(
                "channels", \.channels, .list("channels", 0...64, of: .section),
                "Channels of packages, in their order. An agent is of the last one whose selector it meets.",
                omitsDefault: true),
        ],
        rules: [
            Rule { served, check in
                for (noun, names) in [
                    ("layers", served.layers.map(\.name)), ("channels", served.channels.map(\.name)),
                ] {
                    for (index, name) in names.enumerated() where names[..<index].contains(name) {
                        check.contradiction(at: "\(noun)[\(index)].name", "the name '\(name)' is there twice")
                    }
                }
            }
        ])
}

extension ServedLayer: Settings {
    public static let standard = ServedLayer()

    public static let schema = Schema<ServedLayer>(
        "served layer",
        "A layer of configuration. Of files of the same name an agent gets the last layer's.",
        [
            Key("name", \.name, .name, "Its name.", required: true),
            .including(\.selector),
            Key("files", \.files, ConfigOffer.fileList, "Its files by their names."),
            Key(
                "without", \.without, LayerPlan.leftOut, "Names of files of earlier layers that its agents do not get.",
                omitsDefault: true),
        ])
}

extension ServedChannel: Settings {
    public static let standard = ServedChannel()

    public static let schema = Schema<ServedChannel>(
        "served channel", "A channel of packages.",
        [
            Key("name", \.name, .name, "Its name.", required: true),
            .including(\.selector),
            Key(
                "offer", \.files, .list("files", 0...50, of: .text(1...4_096), unique: true),
                "Files of the packages' folder, named like `collector-0.115.0.tar.gz`; the first is the agent itself, "
                    + "the others are addons."),
        ])
}
