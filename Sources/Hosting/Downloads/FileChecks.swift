import AgentModel
import Basis
import Metrics
import OpAMP
import OpenSSL
import Packages

/// The checks of one file as it arrives (specification: Downloading Packages, Code Signing): its hash, who signed it,
/// its content, and its behaviour. Each is a separate verdict, counted under its name.
final class FileChecks {
    enum Verdict {
        case passed
        /// Not the file that was offered; nothing else of it was looked at.
        case otherHash(String)
        case refused(String)
    }

    private let request: PackageDownload
    private let downloads: ShardDownloads
    private let digest = SHA256()
    /// Nil where the profile asks for no check of the contents, or the verdict is known already.
    private var inspector: PackageInspector?
    private var kept: KeptFile?
    private var hasBegun = false

    init(of request: PackageDownload, _ downloads: ShardDownloads) {
        self.request = request
        self.downloads = downloads
    }

    /// The next bytes of the file.
    func add(_ bytes: RawSpan) {
        if !hasBegun { begin() }
        digest.add(bytes)
        inspector?.add(bytes)
        do { try kept?.write(bytes) } catch { notKept(error) }
    }

    /// The file starts again from its first byte.
    func restart() {
        digest.restart()
        inspector?.restart()
        do { try kept?.restart() } catch { notKept(error) }
    }

    func discard() {
        kept?.discard()
        kept = nil
    }

    /// The file is complete.
    func complete() -> Verdict {
        if !hasBegun { begin() }
        let found = digest.finish()
        let offered = request.file.contentHash
        guard offered.isEmpty || offered == found else {
            count("hash_mismatch")
            return .otherHash("the file's content does not have the hash that was offered")
        }
        if offered.isEmpty {
            count("hash_absent")
        } else {
            downloads.metrics.count(.packageHashesValid)
            count("hash_valid")
        }
        let verdicts = verdicts(of: found)
        let problems = [judge(verdicts.signature), judge(verdicts.contents), judge(verdicts.sandbox)].compactMap(\.self)
        if let problem = problems.first { return .refused(problem) }
        do { try kept?.keep(as: found) } catch { notKept(error) }
        return .passed
    }

    private func begin() {
        hasBegun = true
        let plan = request.plan
        if plan.contents != .off || plan.sandbox != nil, known(request.file.contentHash) == nil {
            inspector = PackageInspector(
                ArchivePolicy(executables: plan.executables), sandbox: plan.sandbox.map(SandboxPolicy.init))
        }
        guard let folder = plan.folder else { return }
        do { kept = try downloads.setup.kept.open(in: folder, digest: request.file.contentHash) } catch {
            notKept(error)
        }
    }

    private func notKept(_ error: FileError) {
        downloads.metrics.count(.downloadNotKept)
        downloads.metrics.count(named: "download_not_kept: \(error.cause)")
        discard()
    }

    // MARK: - Verdicts

    private var package: PackageName { PackageName(request.package, version: request.version) }

    private func key(_ digest: [UInt8]) -> VerdictCache.Key {
        VerdictCache.Key(
            package: package, digest: digest, signature: request.file.signature, plan: request.plan,
            requiresSignature: request.requiresSignature)
    }

    private func known(_ digest: [UInt8]) -> VerdictCache.Verdicts? {
        guard request.plan.sharesVerdicts, !digest.isEmpty else { return nil }
        return downloads.setup.verdicts[key(digest)]
    }

    private func verdicts(of digest: [UInt8]) -> VerdictCache.Verdicts {
        if let known = known(digest) { return known }
        let trusted = downloads.trusted(request.plan.trustedKeys)
        // An agent without keys that asks for no signature has nothing to check one with.
        let isAsked = !trusted.isEmpty || request.requiresSignature
        let inspected = inspector?.finish()
        let verdicts = VerdictCache.Verdicts(
            signature: isAsked
                ? trusted.judge(
                    request.file.signature, of: PackageStatement(package, digest: digest)) : nil,
            contents: request.plan.contents == .off ? .notAsked : inspected?.contents ?? .notAsked,
            sandbox: inspected?.sandbox ?? .notAsked)
        if request.plan.sharesVerdicts { downloads.setup.verdicts.remember(verdicts, of: key(digest)) }
        return verdicts
    }

    /// - Returns: why the file is refused; nil where it is not.
    private func judge(_ verdict: SignatureVerdict?) -> String? {
        guard let verdict else {
            count("signature_not_asked")
            return nil
        }
        count(verdict.name)
        switch verdict {
        case .valid:
            downloads.metrics.count(.packageSignaturesValid)
            return nil
        case .unsigned where !request.requiresSignature:
            return nil
        case .unsigned, .malformed, .unknownSigner, .wrongAlgorithm, .invalid, .otherPackage:
            downloads.metrics.count(.packageSignatureRefused)
            return verdict.words
        }
    }

    private func judge(_ verdict: ContentsVerdict) -> String? {
        count(verdict.name)
        switch verdict {
        case .sound:
            downloads.metrics.count(.packageContentsSound)
            return nil
        case .notAsked:
            return nil
        case .notAnArchive where request.plan.contents != .archive:
            return nil
        case .notAnArchive:
            downloads.metrics.count(.packageContentsRefused)
            return "the file is not an archive"
        case .refused(let refusal):
            downloads.metrics.count(.packageContentsRefused)
            return "the archive \(refusal.problem.words)\(refusal.path.isEmpty ? "" : ": \(refusal.path)")"
        }
    }

    private func judge(_ verdict: SandboxVerdict) -> String? {
        count(verdict.name)
        switch verdict {
        case .granted:
            downloads.metrics.count(.packageSandboxGranted)
            return nil
        case .notAsked:
            return nil
        case .refused(let problem, let path):
            downloads.metrics.count(.packageSandboxRefused)
            return "the package \(problem.words)\(path.isEmpty ? "" : ": \(path)")"
        }
    }

    /// The verdict on the client's credentials, from the server's status; nil for a status that does not concern them.
    static func access(_ status: UInt16) -> String? {
        switch status {
        case 401: "access_unauthorized"
        case 403: "access_forbidden"
        default: nil
        }
    }

    private func count(_ verdict: String) {
        downloads.metrics.count(named: "verdict_\(verdict)")
    }
}

extension SandboxPolicy {
    fileprivate init(_ plan: FetchPlan.Sandbox) {
        self.init(
            paths: plan.paths, fileLimit: plan.files, byteLimit: plan.bytes, allowsWorldWritable: plan.worldWritable)
    }
}
