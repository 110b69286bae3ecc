public import Schema

/// Which agents a layer or a channel is for: those that have one of the values of each attribute, and none of others.
public struct LayerSelector: Hashable, Sendable {
    public var attributes: [Named<[String]>] = []
    public var except: [Named<[String]>] = []

    public init() {}
}

/// A layer of configuration: the files that the agents of a selector get. Later layers replace files of earlier ones.
public struct LayerPlan: Hashable, Sendable {
    public var name = ""
    public var selector = LayerSelector()
    public var files: [Named<String>] = []
    public var without: [String] = []

    public init() {}

    public var content: LayerContent { LayerContent(files: files, without: without) }
}

/// A channel of packages: the versions that the agents of a selector get. The last channel that an agent is of counts.
public struct ChannelPlan: Hashable, Sendable {
    public var name = ""
    public var selector = LayerSelector()
    public var packages: [Named<String>] = []

    public init() {}

    public var content: LayerContent { LayerContent(files: packages) }
}

/// A new version of a layer, as what a rollout changes: its files replace those of the same name.
public struct LayerChange: Hashable, Sendable {
    public var name = ""
    public var files: [Named<String>] = []
    public var without: [String] = []

    public init() {}

    /// The layer's content with the change.
    public func applied(to content: LayerContent) -> LayerContent {
        let change = LayerContent(files: files, without: without)
        var changed = content
        changed.without.formUnion(change.without)
        changed.files.merge(change.files) { _, new in new }
        // What the layer leaves out it does not bring either.
        for name in change.without where change.files[name] == nil { changed.files[name] = nil }
        return changed
    }
}

/// The packages of one channel for the agents of another one, as what a rollout changes.
public struct Promotion: Hashable, Sendable {
    public var from = ""
    public var to = ""

    public init() {}
}

extension LayerContent {
    /// - Parameter files: with their texts.
    public init(files: [Named<String>], without: [String] = []) {
        self.init(
            files: Dictionary(files.map { ($0.name, Array($0.value.utf8)) }) { _, last in last },
            without: Set(without))
    }
}

extension LayerSelector: Settings {
    public static let standard = LayerSelector()

    public static let schema = Schema<LayerSelector>(
        "selector", "Whom a layer or channel is for: every agent, unless it says otherwise.",
        [
            Key(
                "where", \.attributes, RolloutTarget.attributes,
                "Agents that have one of the values of each attribute; empty: all."),
            Key(
                "except", \.except, RolloutTarget.attributes, "Agents with any of these values are left out.",
                omitsDefault: true),
        ])
}

extension LayerPlan: Settings {
    public static let standard = LayerPlan()

    static let files = Kind<[Named<String>]>.map("files", 0...50, of: .text(0...(64 << 10)), names: 1...100)
    public static let leftOut = Kind<[String]>.list("names", 0...50, of: .text(1...100), unique: true)
    static let withoutSentence = "Names of files of earlier layers that its agents do not get."

    public static let schema = Schema<LayerPlan>(
        "layer",
        "A layer of configuration. An agent gets the files of all layers that it is of; of files of the same name the "
            + "last layer's.",
        [
            Key("name", \.name, .name, "Its name.", required: true),
            .including(\.selector),
            Key("files", \.files, files, "The texts of its files, by their names."),
            Key("without", \.without, leftOut, withoutSentence, omitsDefault: true),
        ])
}

extension ChannelPlan: Settings {
    public static let standard = ChannelPlan()

    public static let schema = Schema<ChannelPlan>(
        "channel", "A channel of packages. An agent is of the last channel in the list whose selector it meets.",
        [
            Key("name", \.name, .name, "Its name.", required: true),
            .including(\.selector),
            Key(
                "packages", \.packages, .map("packages", 0...50, of: .text(1...100), names: 1...100),
                "The versions of its packages, by their names."),
        ])
}

extension LayerChange: Settings {
    public static let standard = LayerChange()

    public static let schema = Schema<LayerChange>(
        "changed layer", "A new version of a layer.",
        [
            Key("name", \.name, .name, "The layer.", required: true),
            Key("files", \.files, LayerPlan.files, "Its new and changed files; it keeps the others."),
            Key("without", \.without, LayerPlan.leftOut, LayerPlan.withoutSentence, omitsDefault: true),
        ])
}

extension Promotion: Settings {
    public static let standard = Promotion()

    public static let schema = Schema<Promotion>(
        "promotion", "The packages of one channel for the agents of another one.",
        [
            Key("from", \.from, .name, "The channel that has the packages.", required: true),
            Key("to", \.to, .name, "The channel whose agents get them.", required: true),
        ])
}
