import Basis
public import Hosting
import OpAMP
public import Packages
import Schema

/// The package files that a profile's embedded server has for download, with what the offers say of them. Made before
/// the run: each file is read once for its hash.
struct PackageCatalogue: Sendable {
    /// What is served.
    private(set) var store: PackageStore
    /// The key that made-up packages are signed with, and who is said to sign; agents of the run trust it.
    let madeKeys: [String: VerifyingKey]
    private var files: [PackageOffer.Package: Facts] = [:]
    private var base = ""
    /// What agents have to show for a file.
    private var headers: Headers?

    struct Facts {
        var path: String
        var digest: [UInt8]
        var signature: [UInt8]
    }

    /// Who signs the packages that a run makes up.
    static let madeSigner = "muster"
    /// An untrusted signer.
    fileprivate static let stranger = "stranger"

    /// - Returns: nil where no event offers a file.
    /// - Throws: the file that cannot be offered, and why.
    init?(_ profile: Profile) throws(PackageCatalogueError) {
        guard case .embedded(let server) = profile.server else { return nil }
        let packages = profile.events.flatMap { event -> [PackageOffer.Package] in
            guard case .offerPackages(let offer) = event.action else { return [] }
            return offer.packages.filter { $0.content != .modelled }
        }
        guard !packages.isEmpty || server.packages.folder != nil else { return nil }
        let flaws = PackageStore.Flaws(
            bandwidth: server.packages.bandwidth, breakShare: server.packages.breakShare,
            breakAfter: server.packages.breakAfter)
        do { store = try PackageStore(folder: server.packages.folder, flaws: flaws) } catch {
            throw .unserved(error.description)
        }
        let key: SigningKey
        do { key = try SigningKey.generate(.ed25519) } catch { throw .unserved(error.description) }
        madeKeys = [Self.madeSigner: key.publicKey]
        for package in packages where files[package] == nil {
            files[package] = try add(package, seed: profile.seed, key)
        }
    }

    /// Where the server has turned out to listen, as the beginning of a URL, and what it wants to be shown.
    mutating func serve(from base: String, to access: PackageAccess) {
        self.base = base
        headers = access.headers
    }

    /// What an offer says of a package's file; nil for one whose download is modelled.
    func file(of package: PackageOffer.Package) -> DownloadableFile? {
        guard let facts = files[package] else { return nil }
        return DownloadableFile(
            downloadURL: base + PackageStore.prefix + PercentEncoding.path(facts.path), contentHash: facts.digest,
            signature: facts.signature,
            headers: headers)
    }

    private mutating func add(
        _ package: PackageOffer.Package, seed: UInt64, _ key: SigningKey
    ) throws(PackageCatalogueError) -> Facts {
        var facts: Facts
        switch package.content {
        case .modelled:
            throw .unserved("the package \(package.name) has no file")
        case .file(let name):
            facts = try Self.facts(
                of: name, as: PackageName(package.name, version: package.version), in: store,
                mustBeSigned: package.isSigned)
        case .generated(let bytes):
            let word = FNV1a.hash("\(package.name) \(package.version)".utf8, basis: seed)
            let made = GeneratedPackage(seed: word, size: bytes, executable: Self.harmless(package.name))
            let path = "\(Self.harmless(package.name))-\(Self.harmless(package.version))-\(SizeText.format(bytes)).tar"
            store.add(made, named: path)
            let digest: [UInt8]
            do { digest = try StoredFile(made).digest() } catch { throw .unserved("\(path): \(error)") }
            facts = Facts(path: path, digest: digest, signature: [])
            if package.isSigned {
                do {
                    facts.signature = Array(
                        try key.sign(
                            PackageStatement(PackageName(package.name, version: package.version), digest: digest),
                            as: Self.madeSigner
                        ).text.utf8)
                } catch { throw .unserved(error.description) }
            }
        }
        facts.spoil(package.flaw)
        return facts
    }

    /// Of a file of the folder, with the signature beside it where there is one.
    static func facts(
        of name: String, as package: PackageName, in store: PackageStore, mustBeSigned: Bool = false
    ) throws(PackageCatalogueError) -> Facts {
        do {
            let offered = try OfferedFile(name, as: package, in: store)
            if mustBeSigned, offered.signature.isEmpty {
                throw PackageCatalogueError.unserved(
                    "there is no signature \(name).sig beside it, but the profile says `signed: true`; "
                        + "make one with `muster sign package`")
            }
            return Facts(path: name, digest: offered.digest, signature: offered.signature)
        } catch {
            throw .unserved("the package file '\(name)': \(error)")
        }
    }

    /// Letters, digits, `-`, `_` and `.`; anything else becomes `_`.
    private static func harmless(_ text: String) -> String {
        let bytes = text.utf8.prefix(64).map { byte -> UInt8 in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E: byte
            default: UInt8(ascii: "_")
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension PackageCatalogue.Facts {
    /// Makes it wrong on purpose.
    mutating func spoil(_ flaw: PackageOffer.Flaw?) {
        switch flaw {
        case nil: break
        case .hash: digest[0] ^= 1
        case .signature, .signer:
            guard var detached = try? DetachedSignature(signature) else { return }
            if flaw == .signer { detached.signer = PackageCatalogue.stranger } else { detached.signature[0] ^= 1 }
            signature = Array(detached.text.utf8)
        }
    }
}

/// A file of a folder that a server of ours offers: its hash, and the signature beside it.
public struct OfferedFile: Sendable {
    public let digest: [UInt8]
    /// The bytes of `<name>.sig`; empty where there is none.
    public let signature: [UInt8]

    /// Reads the whole file once.
    /// - Parameter package: what it is offered as.
    /// - Throws: why it cannot be offered, in words.
    public init(_ name: String, as package: PackageName, in store: PackageStore) throws {
        guard let file = store.file(named: name) else {
            throw PackageCatalogueError.unserved("it is not a file of the folder, or cannot be read")
        }
        digest = try file.digest()
        guard let beside = store.file(named: name + ".sig") else {
            signature = []
            return
        }
        guard let bytes = try beside.contents(limit: DetachedSignature.largestText) else {
            throw PackageCatalogueError.unserved("its signature \(name).sig is too large to be one")
        }
        let signed: PackageName
        do { signed = try DetachedSignature(bytes).package } catch {
            throw PackageCatalogueError.unserved("its signature \(name).sig cannot be used: \(error)")
        }
        guard signed == package else {
            throw PackageCatalogueError.unserved(
                "its signature \(name).sig is for version '\(signed.version)' of '\(signed.name)', but it is offered "
                    + "as version '\(package.version)' of '\(package.name)'; sign it with `muster sign package "
                    + "--name … --version-of …`")
        }
        signature = bytes
    }
}

/// A package file that cannot be offered: the user's to mend.
public enum PackageCatalogueError: Error, Hashable, Sendable, CustomStringConvertible {
    case unserved(String)

    public var description: String {
        switch self {
        case .unserved(let reason): reason
        }
    }
}
