/// What a version of a layer holds: files of a configuration by name, and which files of the layers before it its
/// agents do not get. A channel of packages holds its packages in the same way, each by its name.
public struct LayerContent: Hashable, Sendable {
    public var files: [String: [UInt8]]
    public var without: Set<String>

    public init(files: [String: [UInt8]] = [:], without: Set<String> = []) {
        self.files = files
        self.without = without
    }

    /// The bytes of the names and the files.
    public var byteCount: Int {
        files.reduce(0) { $0 + $1.key.utf8.count + $1.value.count } + without.reduce(0) { $0 + $1.utf8.count }
    }

    /// The files that an agent with these layers gets. Of files of the same name the last layer's counts.
    /// - Parameter layers: the agent's, in their order.
    public static func merged(_ layers: some Sequence<LayerContent>) -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for layer in layers {
            for name in layer.without { files[name] = nil }
            files.merge(layer.files) { _, last in last }
        }
        return files
    }

    /// The difference to another content as text, file by file; empty where there is none.
    /// - Parameters:
    ///   - title: what this content is called, such as `version 1`.
    ///   - otherTitle: what the other one is called.
    public func difference(to other: LayerContent, from title: String, to otherTitle: String) -> String {
        var text = ""
        for name in Set(files.keys).union(other.files.keys).sorted() {
            text += TextDifference.unified(
                files[name], other.files[name], name: name, from: title, to: otherTitle)
        }
        for name in without.subtracting(other.without).sorted() { text += "-without \(name)\n" }
        for name in other.without.subtracting(without).sorted() { text += "+without \(name)\n" }
        return text
    }
}
