/// Packages that the embedded server offers to agents: all that they are to have from it.
public struct PackageOffer: Hashable, Sendable {
    /// What a package is to the agent.
    public enum Form: String, CaseIterable, Hashable, Sendable {
        /// The agent itself.
        case topLevel = "top-level"
        /// An addon to it.
        case addon
    }

    /// One package.
    public struct Package: Hashable, Sendable {
        public var name: String
        public var version: String
        public var form: Form = .topLevel
        public var isSigned: Bool = false
        public var content: Content = .modelled
        public var flaw: Flaw?
    }

    /// The file at a package's address.
    public enum Content: Hashable, Sendable {
        /// No file: for agents with simulated downloads.
        case modelled
        /// A file of the folder that the embedded server serves.
        case file(String)
        /// A generated archive of this many bytes, served by the embedded server.
        case generated(bytes: Int)
    }

    /// A wrong property of the offer, for rehearsals.
    public enum Flaw: String, CaseIterable, Hashable, Sendable {
        /// The offered hash is another file's.
        case hash
        /// The signature is not of this file.
        case signature
        /// The signature is by an unknown signer.
        case signer
    }

    public var name: String?
    public var packages: [Package]
    public var target: EventTarget = .everybody
}
