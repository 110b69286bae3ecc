import Basis
public import Hosting
public import OpAMP
import OrderedCollections
import Packages

/// The offer of a server that has package files and no profile: every file is a package of its own, named and versioned
/// by its file name.
public enum PackageFolderOffer {
    /// - Parameters:
    ///   - files: names in the store. The first is the agent itself where it is the only one; the others are addons.
    ///   - base: where the server is reached: `http://10.0.0.1:4320`.
    ///   - headers: what agents have to show there.
    /// - Throws: the file that cannot be offered, and why.
    public static func packages(
        _ files: [String], in store: PackageStore, base: String, headers: Headers? = nil,
        flaw: PackageOffer.Flaw? = nil
    ) throws(PackageCatalogueError) -> PackagesAvailable {
        var available = PackagesAvailable()
        for (index, name) in files.enumerated() {
            guard let parts = PackageFileName.parts(of: name) else {
                throw .unserved(
                    "the name '\(name)' says no version; call it as in collector-0.115.0.tar.gz to offer it")
            }
            guard available.packages[parts.name] == nil else {
                throw .unserved("two files of the package '\(parts.name)' cannot be offered together")
            }
            var facts = try PackageCatalogue.facts(
                of: name, as: PackageName(parts.name, version: parts.version), in: store)
            facts.spoil(flaw)
            let file = DownloadableFile(
                downloadURL: base + PackageStore.prefix + PercentEncoding.path(name), contentHash: facts.digest,
                signature: facts.signature,
                headers: headers)
            available.packages[parts.name] = PackageAvailable(
                type: index == 0 ? .topLevel : .addon, version: parts.version, file: file)
        }
        return available
    }

    /// The packages of an offer, one per line, for display.
    public static func words(for offer: PackagesAvailable) -> [String] {
        offer.packages.map { name, package in
            let signed = package.file?.signature.isEmpty == false ? "signed" : "not signed"
            return "\(name) \(package.version), \(signed)"
        }
    }
}
