public import AgentModel
import Basis
import OpAMP
import Packages
public import Schema

extension PackageProfile: Settings {
    public static let standard = PackageProfile()

    public static let schema = Schema<PackageProfile>(
        "packages", "Whether agents accept packages from the server, and how they install them.",
        [
            Key("accepted", \.accepted, .boolean, "Whether they accept packages; true in a given `packages`."),
            Key("download", \.plan.fetch, FetchPlan.kind, "Whether and how files are fetched.", omitsDefault: true),
            Key("download_time", \.plan.downloadTime, Distribution.kind(), "How long a simulated download takes."),
            Key(
                "size", \.plan.fileBytes, .size(0...(1 << 40)),
                "The size of a simulated package, for the rate that is reported during its download."),
            Key(
                "progress_interval", \.plan.progressInterval, .duration(.milliseconds(100) ... .days(1)),
                "How often the progress of a download is reported."),
            Key("install_time", \.plan.installTime, Distribution.kind(), "How long an installation takes."),
            Key("requires_signature", \.plan.requiresSignature, .boolean, "Whether unsigned files are refused."),
            Key("failures", \.plan.odds, .section),
            Key(
                "installed", \.plan.installed, .list("packages", 0...50, of: .section),
                "The packages that are installed at the start."),
            Key(
                "dependencies", \.plan.dependencies,
                .dictionary("packages", 0...1_000, of: .list("packages", 1...50, of: .text(1...1_000))),
                "The packages that must be installed before the one of that name."),
        ],
        completing: { packages, given in
            // To say how packages are installed is to say that they are.
            if !given(\.accepted) { packages.accepted = true }
        })
}

extension PackagePlan.FailureOdds: Settings {
    public static let standard = PackagePlan.FailureOdds()

    public static let schema = Schema<PackagePlan.FailureOdds>(
        "failures", "The shares of installations that fail, by step.",
        [
            Key("download", \.download, .share, "The share of downloads that fail."),
            Key("content_hash", \.contentHash, .share, "The share of files with another hash than the offered one."),
            Key("signature", \.signature, .share, "The share of signed files with an invalid signature."),
            Key("install", \.install, .share, "The share of installations that fail; the former version is restored."),
        ])
}

extension PackagePlan.LocalPackage: Settings {
    public static let standard = PackagePlan.LocalPackage(name: "", version: "")

    public static let schema = Schema<PackagePlan.LocalPackage>(
        "installed package", "A package that is installed at the start.",
        [
            Key("name", \.name, .text(1...100), "Its name.", required: true),
            Key("version", \.version, .text(1...100), "Its version.", required: true),
            Key(
                "type", \.type,
                Kind<PackageOffer.Form>.word.converted(
                    { $0 == .addon ? .addon : .topLevel }, { $0 == .addon ? .addon : .topLevel }),
                "Whether it is the agent itself or something added to it."),
        ])
}

extension FetchPlan: Settings {
    public static let standard = FetchPlan()

    /// Nil: downloads are modelled.
    static let kind = Kind<FetchPlan?>.oneOf(wanted: "modelled or real") { forms in
        let modelled = forms.word("modelled", nil, "Downloads only take their time.")
        forms.word("real", "Files are fetched as offered.") { inherited in (inherited ?? nil) ?? FetchPlan() }
        // To say how files are fetched is to say that they are.
        let fetch = forms.section("Files are fetched in that way.", Optional.some, inherited: { $0 })
        return { plan in plan.map { fetch($0) } ?? modelled }
    }

    public static let schema = Schema<FetchPlan>(
        "download", "How agents really fetch and verify package files.",
        [
            Key("bandwidth", \.bandwidth, .optional(.byteRate), "The bandwidth of one agent."),
            Key(
                "stall_timeout", \.stallTimeout, .duration(ProfileLimits.timeouts),
                "An attempt fails after this time without a byte."),
            Key(
                "timeout", \.timeout, .duration(ProfileLimits.timeouts),
                "For the whole download with attempts and pauses, without the wait in the queue."),
            Key("attempts", \.attempts, .integer(1...100), "The number of attempts."),
            Key(
                "retry_delay", \.retryDelay, .duration(ProfileLimits.timeouts),
                "The wait before the second attempt; it doubles each time, up to 1m, with a jitter of up to -50%."),
            Key("redirects", \.redirects, .integer(0...20), "The limit of redirects in a row."),
            Key("largest", \.largestFile, .size(0...(1 << 40)), "A larger file is refused."),
            Key(
                "keep", \.folder, .optional(.text(1...4_096)),
                "The folder where verified files are kept, each content once; without it they are dropped."),
            Key(
                "verify", \.sharesVerdicts,
                Kind<Verification>.word.converted({ $0 == .shared }, { $0 ? .shared : .eachAgent }),
                "Whether signature and contents of one file are checked once for the fleet or for each agent."),
            Key("contents", \.contents, .word { $0.sentence }, "The checks of the file's contents."),
            Key("executables", \.executables, .patterns, "Which files of an archive may be executable."),
            Key("trusted_keys", \.trustedKeys, keys, "The public keys that signatures are checked with, by signer."),
            Key("sandbox", \.sandbox, .optional(Kind<Sandbox>.section.replacing)),
        ])

    private enum Verification: String, CaseIterable, Hashable {
        case shared
        case eachAgent = "each-agent"
    }

    /// PEM text of a public key; RSA of 16,384 bits needs a third of it.
    private static let maxKeyBytes = 8 << 10

    private static let keys = Kind<[String: String]>.dictionary(
        "keys", 0...100,
        of: .oneOf(wanted: "PEM text or {file: path}") { forms in
            let text = forms.scalar(.text(1...maxKeyBytes), "PEM text.", { $0 })
            _ = forms.key("file", .fileText(maxKeyBytes), "A file with it, counted from the profile's folder.") { $0 }
            return { text($0) }
        }
    ).replacing.reading { spot, keys in
        for (signer, pem) in keys.sorted(by: { $0.key < $1.key }) {
            do {
                _ = try TrustedKeys(pems: [signer: pem])
            } catch {
                spot.report(.contradiction("\(error)"), at: signer)
            }
        }
        return keys
    } mend: { _ in
        [:]
    }
}

extension FetchPlan.Contents {
    fileprivate var sentence: String {
        switch self {
        case .off: "Nothing."
        case .check: "An archive has to be sound; a file may be something else."
        case .archive: "It has to be a sound archive."
        }
    }
}

extension FetchPlan.Sandbox: Settings {
    public static let standard = FetchPlan.Sandbox()

    public static let schema = Schema<FetchPlan.Sandbox>(
        "sandbox", "What a package may do on the machine.",
        [
            Key("paths", \.paths, .patterns, "The paths that it may write."),
            Key("files", \.files, .optional(.integer(1...100_000)), "The limit of files."),
            Key("size", \.bytes, .optional(.size(0...(1 << 40))), "The limit of the unpacked size."),
            Key("world_writable", \.worldWritable, .boolean, "Whether world-writable files are allowed."),
        ])
}
