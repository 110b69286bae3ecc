/// A configuration that the embedded server offers to agents.
public struct ConfigOffer: Hashable, Sendable {
    /// One file of the configuration.
    public struct File: Hashable, Sendable {
        public var name: String
        public var body: Body
    }

    /// The content of a file.
    public enum Body: Hashable, Sendable {
        case text(String)
        /// A generated collector configuration of this many bytes, another one in each offer.
        case generated(bytes: Int)
        /// The file at that path, read when the run begins.
        case path(String)
    }

    public var name: String?
    public var files: [File]
    public var contentType: String = ConfigOffer.standardContentType
    public var target: EventTarget = .everybody

    public static let standardContentType = "text/yaml"
}
