/// Packages that the embedded server offers to agents: all that they are to have from it.
public struct PackageOffer: Hashable, Sendable {
    /// What a package is to the agent.
    public enum Form: String, CaseIterable, Hashable, Sendable {
        /// The agent itself.
        case topLevel = "top-level"
        /// Something added to it.
        case addon
    }

    /// One package.
    public struct Package: Hashable, Sendable {
        public var name: String
        public var version: String
        public var form: Form
        /// Whether the file that is offered bears a signature.
        public var isSigned: Bool

        public init(name: String, version: String, form: Form = .topLevel, isSigned: Bool = false) {
            self.name = name
            self.version = version
            self.form = form
            self.isSigned = isSigned
        }
    }

    /// By which it can be withdrawn; nil where it never is.
    public var name: String?
    /// Never empty, names distinct.
    public var packages: [Package]
    public var target: EventTarget

    public init(name: String? = nil, packages: [Package], target: EventTarget = .everybody) {
        self.name = name
        self.packages = packages
        self.target = target
    }
}
