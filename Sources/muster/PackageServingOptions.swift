import ArgumentParser
import Basis
import ControlPlane
import Engine
import Fleet
import Hosting
import OpAMP
import Schema

/// How `muster serve` serves and offers package files.
struct PackageServingOptions: ParsableArguments {
    @Option(help: "A folder whose files are served under /packages/, with ranges and entity tags.")
    var packages: String?

    @Option(
        name: .customLong("offer"),
        help:
            """
            A file of the folder to offer to every agent that accepts packages, named like \
            collector-0.115.0.tar.gz; repeatable.
            """
    )
    var offers: [String] = []

    @Option(help: "The address of this server in the offered addresses of files: http://10.0.0.1:4320.")
    var packageURL: String?

    @Option(help: "The maximum rate of each download: 1MiB/s.")
    var packageBandwidth: String?

    @Option(help: "The share of downloads that are interrupted: 10%.")
    var packageBreak: String?

    @Option(help: "The bytes of a download that are sent before it is interrupted: 64KiB.")
    var packageBreakAfter: String?

    @Option(help: "A fault to inject into the offer: hash, signature or signer.")
    var packageWrong: String?

    @Option(
        name: .customLong("package-token-file"),
        help:
            """
            A file of tokens for package files, or user:password for Basic, one per line; the offers contain the \
            first one. Without it, files require credentials if OpAMP does (--token-file).
            """)
    var packageTokenFile: String?

    @Flag(
        name: .customLong("package-no-token"),
        help: "Serve package files without credentials, even if OpAMP requires a token.")
    var packageNeedsNoToken = false

    /// Who may download the files.
    /// - Parameter credentials: those for OpAMP.
    func access(opamp credentials: ServerWire.Credentials?) throws -> PackageAccess {
        if packageTokenFile != nil, packageNeedsNoToken {
            throw Failure(.badUsage, "--package-no-token: contradicts --package-token-file; remove one of the two.")
        }
        if packages == nil, packageTokenFile != nil || packageNeedsNoToken {
            throw Failure(
                .badUsage, "--package-token-file, --package-no-token: there are no files; add --packages DIR.")
        }
        let access: EmbeddedServer.Packages.Access =
            packageNeedsNoToken ? .anybody : packageTokenFile.map { .secret(.file($0)) } ?? .asForOpAMP
        do throws(RunError) { return try PackageAccess(access, opamp: credentials) } catch {
            throw Failure(.badUsage, "--package-token-file: \(error)")
        }
    }

    /// The files to serve; nil where there is no folder.
    func store() throws -> PackageStore? {
        guard let packages else {
            guard offers.isEmpty else {
                throw Failure(.badUsage, "--offer: there is no folder to offer from; add --packages DIR.")
            }
            return nil
        }
        var flaws = PackageStore.Flaws()
        do throws(QuantityProblem) {
            if let packageBandwidth { flaws.bandwidth = try ByteRateText.parse(packageBandwidth) }
            if let packageBreak { flaws.breakShare = try ShareText.parse(packageBreak) }
            if let packageBreakAfter { flaws.breakAfter = try SizeText.parse(packageBreakAfter) }
        } catch {
            throw Failure(.badUsage, "--package-bandwidth, --package-break or --package-break-after: \(error)")
        }
        do throws(PackageStoreError) {
            return try PackageStore(folder: packages, flaws: flaws)
        } catch {
            throw Failure(.badUsage, "--packages: \(error)")
        }
    }

    /// Where agents download from.
    func base(of server: OpAMPServer, isSecure: Bool) throws -> String {
        let scheme = isSecure ? "https" : "http"
        guard packageURL == nil, let address = server.addresses.first else { return packageURL ?? "" }
        let host = "\(address)"
        if packages != nil, host.hasPrefix("0.0.0.0:") || host.hasPrefix("[::]:") {
            throw Failure(
                .badUsage,
                "--packages: agents cannot download from \(host); add --package-url \(scheme)://HOST:\(address.port).")
        }
        return "\(scheme)://\(host)"
    }

    /// Offers the files to every agent, now and later.
    /// - Parameter isSecure: whether the server speaks TLS.
    func offer(from store: PackageStore, to access: PackageAccess, on server: OpAMPServer, isSecure: Bool) throws {
        let scheme = isSecure ? "https" : "http"
        guard let address = server.addresses.first else { return }
        print("serving packages on \(scheme)://\(address)\(PackageStore.prefix) to \(access)")
        guard !offers.isEmpty else { return }
        let flaw = try packageWrong.map { word in
            guard let flaw = PackageOffer.Flaw(rawValue: word) else {
                throw Failure(.badUsage, "--package-wrong: '\(word)' is not hash, signature or signer.")
            }
            return flaw
        }
        let base = try base(of: server, isSecure: isSecure)
        let available: PackagesAvailable
        do throws(PackageCatalogueError) {
            available = try PackageFolderOffer.packages(
                offers, in: store, base: base, headers: access.headers, flaw: flaw)
        } catch {
            throw Failure(.badUsage, "--offer: \(error)")
        }
        server.steer { registry, now, effects in
            try? registry.offer(Offer(revision: 1, .packages(available)), to: .all, at: now, &effects)
        }
        for line in PackageFolderOffer.words(for: available) { print("offering \(line)") }
    }
}
