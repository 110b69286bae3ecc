import Foundation

/// Reads `server.embedded.packages`.
enum PackageServingReading {
    /// - Parameter folder: where files that secrets are in are looked for.
    static func read(_ server: Section, folder: String?) -> EmbeddedServer.Packages {
        var packages = EmbeddedServer.Packages()
        guard let section = server.section("packages") else { return packages }
        if section.value("folder") != nil {
            packages.folder = section.path(named: "folder")
        }
        packages.bandwidth = section.byteRate("bandwidth", or: nil)
        if let flaw = section.section("break") {
            if flaw.value("share") == nil { flaw.complain(.missingKey("share"), "share", nil) }
            packages.breakShare = flaw.share("share", or: 0)
            packages.breakAfter = flaw.size("after", in: ProfileBounds.breakAfter, or: packages.breakAfter)
            flaw.finish()
        }
        if let tree = section.value("credentials") {
            packages.access = access(tree, in: section, folder) ?? .asForOpAMP
        }
        section.finish()
        return packages
    }

    /// `none`, `{env: NAME}` or `{file: path}`.
    private static func access(_ tree: YAMLTree, in section: Section, _ folder: String?) -> EmbeddedServer.Packages
        .Access?
    {
        if case .mapping = tree.shape {
            return WireReading.secret("credentials", in: section, folder).map { .secret($0) }
        }
        let wanted = "none, {env: NAME} or {file: path}"
        guard let (text, _, _) = section.scalar("credentials", wanted: wanted) else { return nil }
        if text == "none" { return .anybody }
        // Not repeated: it may be a secret.
        section.complain(
            .contradiction("a secret would show in the results; write \(wanted) in its place"), "credentials", tree)
        return nil
    }
}

/// Reads what stands behind an offered package: `file` or `generated`.
enum PackageContentReading {
    static func content(_ package: Section) -> PackageOffer.Content {
        let file = package.value("file")
        let generated = package.value("generated")
        if let file, generated != nil {
            let what = "a package has a `file` of the server's folder, or is `generated`, not both"
            package.complain(.contradiction(what), "file", file)
        }
        if generated != nil {
            let range = ProfileBounds.generatedPackage
            return .generated(bytes: package.size("generated", in: range, or: range.lowerBound))
        }
        return file == nil ? .modelled : .file(package.text("file", bytes: ProfileBounds.pathBytes, or: ""))
    }
}

extension Section {
    /// The path under a key, which counts from the profile's folder.
    func path(named key: String) -> String {
        let path = text(key, bytes: ProfileBounds.pathBytes, or: "")
        guard let folder = problems.folder, !path.hasPrefix("/"), !path.isEmpty else { return path }
        return URL(fileURLWithPath: path, relativeTo: URL(fileURLWithPath: folder, isDirectory: true))
            .standardizedFileURL
            .path
    }
}

extension YAMLWriter {
    mutating func write(_ packages: EmbeddedServer.Packages) {
        if packages == EmbeddedServer.Packages() { return }
        mapping("packages") { writer in
            if let folder = packages.folder { writer.scalar("folder", .text(folder)) }
            writer.byteRate("bandwidth", packages.bandwidth)
            if packages.breakShare > 0 || packages.breakAfter != EmbeddedServer.Packages.usualBreak {
                writer.mapping("break") { writer in
                    writer.scalar("share", .exact(ShareText.format(packages.breakShare)))
                    writer.scalar("after", .exact(SizeText.format(packages.breakAfter)))
                }
            }
            switch packages.access {
            case .asForOpAMP: break
            case .anybody: writer.scalar("credentials", .exact("none"))
            case .secret(let secret): writer.write("credentials", secret)
            }
        }
    }
}
