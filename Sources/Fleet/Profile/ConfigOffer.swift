/// A configuration that the embedded server offers to agents.
public struct ConfigOffer: Hashable, Sendable {
    /// One file of the configuration.
    public struct File: Hashable, Sendable {
        public var name: String
        public var body: Body

        public init(name: String, body: Body) {
            self.name = name
            self.body = body
        }
    }

    /// What stands in a file.
    public enum Body: Hashable, Sendable {
        case text(String)
        /// A made-up collector's configuration of so many bytes, another one in each offer.
        case generated(bytes: Int)
    }

    /// By which it can be withdrawn; nil where it never is.
    public var name: String?
    /// Never empty, names distinct.
    public var files: [File]
    /// The MIME type of every file.
    public var contentType: String
    public var target: EventTarget

    public static let standardContentType = "text/yaml"

    public init(
        name: String? = nil, files: [File], contentType: String = ConfigOffer.standardContentType,
        target: EventTarget = .everybody
    ) {
        self.name = name
        self.files = files
        self.contentType = contentType
        self.target = target
    }
}
