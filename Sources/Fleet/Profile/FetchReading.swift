import AgentModel
import Basis
import Foundation
import Packages

/// Reads `packages.download`: whether and how agents really fetch package files.
enum FetchReading {
    private enum Mode: String, CaseIterable {
        case modelled, real
    }

    private enum Verification: String, CaseIterable {
        case shared
        case eachAgent = "each-agent"
    }

    static func fetch(_ packages: Section, or standard: FetchPlan?) -> FetchPlan? {
        guard let tree = packages.value("download") else { return standard }
        guard case .mapping = tree.shape else {
            return packages.word("download", or: Mode.modelled) == .real ? standard ?? FetchPlan() : nil
        }
        guard let section = packages.section("download") else { return standard }
        // To say how files are fetched is to say that they are.
        var plan = standard ?? FetchPlan()
        plan.bandwidth = section.byteRate("bandwidth", or: plan.bandwidth)
        plan.stallTimeout = section.duration("stall_timeout", in: ProfileBounds.timeout, or: plan.stallTimeout)
        plan.timeout = section.duration("timeout", in: ProfileBounds.timeout, or: plan.timeout)
        plan.attempts = section.integer("attempts", in: ProfileBounds.downloadAttempts, or: plan.attempts)
        plan.retryDelay = section.duration("retry_delay", in: ProfileBounds.timeout, or: plan.retryDelay)
        plan.redirects = section.integer("redirects", in: ProfileBounds.redirects, or: plan.redirects)
        plan.largestFile = section.size("largest", in: ProfileBounds.packageBytes, or: plan.largestFile)
        if section.value("keep") != nil {
            plan.folder = section.text("keep", bytes: ProfileBounds.pathBytes, or: "")
        }
        plan.sharesVerdicts =
            section.word("verify", or: plan.sharesVerdicts ? Verification.shared : .eachAgent) == .shared
        plan.contents = section.word("contents", or: plan.contents)
        plan.executables = patterns("executables", section, or: plan.executables)
        if let keys = section.section("trusted_keys") { plan.trustedKeys = trustedKeys(keys) }
        if let sandbox = section.section("sandbox") { plan.sandbox = self.sandbox(sandbox) }
        section.finish()
        return plan
    }

    /// A list of patterns, or `any`.
    private static func patterns(_ key: String, _ section: Section, or standard: [String]?) -> [String]? {
        if case .scalar("any", _)? = section.value(key)?.shape { return nil }
        return section.texts(key, ProfileBounds.patterns, of: "patterns of paths") ?? standard
    }

    private static func sandbox(_ section: Section) -> FetchPlan.Sandbox {
        var sandbox = FetchPlan.Sandbox()
        sandbox.paths = patterns("paths", section, or: nil)
        if section.value("files") != nil {
            sandbox.files = section.integer("files", in: ProfileBounds.packageFiles, or: 1)
        }
        if section.value("size") != nil { sandbox.bytes = section.size("size", in: ProfileBounds.packageBytes, or: 0) }
        sandbox.worldWritable = section.boolean("world_writable", or: false)
        section.finish()
        return sandbox
    }

    /// Each signer's public key, as text or as `{file: path}`; the text goes into the profile.
    private static func trustedKeys(_ section: Section) -> [String: String] {
        var keys: [String: String] = [:]
        if !ProfileBounds.trustedKeys.contains(section.keys.count) {
            let allowed = "allowed are up to \(ProfileBounds.trustedKeys.upperBound)"
            section.problems.add(
                .outOfRange(found: "\(section.keys.count) keys", allowed: allowed), path: section.path,
                place: section.place)
        }
        for signer in section.keys.prefix(ProfileBounds.trustedKeys.upperBound) {
            guard let tree = section.value(signer) else { continue }
            guard let pem = text(of: signer, tree, section) else { continue }
            do {
                _ = try TrustedKeys(pems: [signer: pem])
                keys[signer] = pem
            } catch {
                section.complain(.contradiction("\(error)"), signer, tree)
            }
        }
        section.finish()
        return keys
    }

    private static func text(of signer: String, _ tree: YAMLTree, _ section: Section) -> String? {
        guard case .mapping = tree.shape else { return section.text(signer, bytes: ProfileBounds.keyText, or: "") }
        guard let file = section.section(signer) else { return nil }
        defer { file.finish() }
        let path = file.path(named: "file")
        let limit = ProfileBounds.keyText.upperBound
        guard section.problems.folder != nil, !path.isEmpty, let handle = FileHandle(forReadingAtPath: path),
            let data = try? handle.read(upToCount: limit + 1), data.count <= limit,
            let text = String(validating: data, as: UTF8.self)
        else {
            let what =
                "the key of '\(signer)' is PEM text, or `{file: path}` of a file with it, counted from the profile's folder"
            section.complain(.contradiction(what), signer, tree)
            return nil
        }
        return text
    }
}

/// The same in YAML.
extension YAMLWriter {
    mutating func write(_ plan: FetchPlan) {
        byteRate("bandwidth", plan.bandwidth)
        duration("stall_timeout", plan.stallTimeout)
        duration("timeout", plan.timeout)
        scalar("attempts", .exact("\(plan.attempts)"))
        duration("retry_delay", plan.retryDelay)
        scalar("redirects", .exact("\(plan.redirects)"))
        scalar("largest", .exact(SizeText.format(plan.largestFile)))
        if let folder = plan.folder { scalar("keep", .text(folder)) }
        scalar("verify", .exact(plan.sharesVerdicts ? "shared" : "each-agent"))
        scalar("contents", .exact(plan.contents.rawValue))
        patterns("executables", plan.executables)
        mapping("trusted_keys") { writer in
            for (signer, pem) in plan.trustedKeys.sorted(by: { $0.key < $1.key }) { writer.scalar(signer, .text(pem)) }
        }
        guard let sandbox = plan.sandbox else { return }
        mapping("sandbox") { writer in
            writer.patterns("paths", sandbox.paths)
            if let files = sandbox.files { writer.scalar("files", .exact("\(files)")) }
            if let bytes = sandbox.bytes { writer.scalar("size", .exact(SizeText.format(bytes))) }
            writer.scalar("world_writable", .exact("\(sandbox.worldWritable)"))
        }
    }

    private mutating func patterns(_ key: String, _ patterns: [String]?) {
        if let patterns { words(key, patterns) } else { scalar(key, .exact("any")) }
    }
}
