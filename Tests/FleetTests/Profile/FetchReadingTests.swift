import AgentModel
import Basis
import OpenSSL
import Packages
import Schema
import Testing

@testable import Fleet

@Suite("Profiles: package files that are really fetched")
struct FetchReadingTests {
    private static func read(_ text: String) throws -> Profile {
        try ProfileReader().read(text: text, source: "test")
    }

    private static func fetch(_ text: String) throws -> FetchPlan? {
        try read(text).cohorts[0].packages.plan.fetch
    }

    @Test("Downloads are modelled unless the profile says otherwise; to say how is to say that they are real")
    func modes() throws {
        #expect(try Self.fetch("packages: {accepted: true}") == nil)
        #expect(try Self.fetch("packages: {download: modelled}") == nil)
        #expect(try Self.fetch("packages: {download: real}") == FetchPlan())
        #expect(try Self.fetch("packages: {download: {attempts: 2}}")?.attempts == 2)
    }

    @Test("Every key does what it says, and the resolved profile says the same")
    func keys() throws {
        let key = try SigningKey.generate(.ed25519).publicKey.pem
        let pem = key.split(separator: "\n").joined(separator: "\\n")
        let text = """
            packages:
              download:
                bandwidth: 2MiB/s
                stall_timeout: 5s
                timeout: 1m
                attempts: 3
                retry_delay: 2s
                redirects: 1
                largest: 10MiB
                keep: files
                verify: each-agent
                contents: archive
                executables: [bin/*, "**.so"]
                trusted_keys: {release: "\(pem)\\n"}
                sandbox: {paths: [bin/**], files: 5, size: 1MiB, world_writable: true}
            limits: {downloads: 7, download_bandwidth: 64KiB/s}
            server: {embedded: {packages: {folder: /srv/packages, bandwidth: 1MiB/s, break: {share: 5%, after: 1KiB}}}}
            """
        let profile = try Self.read(text)
        let expected = FetchPlan(
            bandwidth: 2 << 20, stallTimeout: .seconds(5), timeout: .seconds(60), attempts: 3, retryDelay: .seconds(2),
            redirects: 1, largestFile: 10 << 20, folder: "files", sharesVerdicts: false, trustedKeys: ["release": key],
            contents: .archive, executables: ["bin/*", "**.so"],
            sandbox: .init(paths: ["bin/**"], files: 5, bytes: 1 << 20, worldWritable: true))
        #expect(profile.cohorts[0].packages.plan.fetch == expected)
        #expect(profile.limits.downloads == 7 && profile.limits.downloadBandwidth == 64 << 10)
        guard case .embedded(let server) = profile.server else {
            Issue.record("no embedded server")
            return
        }
        #expect(
            server.packages
                == .init(folder: "/srv/packages", bandwidth: 1 << 20, breakShare: 0.05, breakAfter: 1 << 10))
        #expect(try Self.read(Profile.schema.write(profile)) == profile)
    }

    @Test("An offered package is a file, with the version in its name, or generated, and may have a fault")
    func offers() throws {
        let text = """
            packages: {download: real}
            server: {embedded: {packages: {folder: /srv}}}
            events:
              - at: 1s
                offer_packages:
                  packages:
                    collector: {file: collector-0.115.0.tar.gz}
                    extra: {version: "2", type: addon, generated: 2MiB, signed: true, wrong: signer}
            """
        let profile = try Self.read(text)
        guard case .offerPackages(let offer)? = profile.events.first?.action else {
            Issue.record("no offer")
            return
        }
        #expect(
            offer.packages == [
                .init(name: "collector", version: "0.115.0", content: .file("collector-0.115.0.tar.gz")),
                .init(
                    name: "extra", version: "2", form: .addon, isSigned: true, content: .generated(bytes: 2 << 20),
                    flaw: .signer),
            ])
        #expect(try Self.read(Profile.schema.write(profile)) == profile)
    }

    @Test(
        "Each problem is reported with its place and remedy",
        arguments: [
            ("packages: {download: maybe}", "modelled or real"),
            ("packages: {download: {bandwidth: 5}}", "512KiB/s"), ("packages: {download: {bandwidth: 1B/s}}", "1KiB/s"),
            ("packages: {download: {attempts: 0}}", "1 to 100"), ("packages: {download: {tries: 1}}", "tries"),
            ("packages: {download: {trusted_keys: {a: nonsense}}}", "PEM"),
            ("packages: {download: {trusted_keys: {'a b': x}}}", "signer"),
            (
                "packages: {download: {trusted_keys: {a: {file: x.pem}}}}",
                "files are read only for a profile that is a file"
            ),
            ("packages: {download: {contents: maybe}}", "archive"), ("limits: {downloads: 0}", "1 to 10000"),
            ("server: {embedded: {packages: {break: {after: 1KiB}}}}", "share"),
            (
                "{packages: {download: real}, events: [{at: 1s, offer_packages: {packages: {a: {version: b}}}}]}",
                "generated"
            ),
            (
                "{packages: {download: real}, events: [{at: 1s, offer_packages: {packages: {a: {file: a-1.tar}}}}]}",
                "folder"
            ),
            (
                """
                {packages: {download: real}, events: [{at: 1s, offer_packages: {packages: {a: {file: a-1, \
                generated: 2MiB}}}}]}
                """,
                "not both"
            ),
            (
                "{packages: {download: real}, events: [{at: 1s, offer_packages: {packages: {a: {file: a.tar}}}}]}",
                "version"
            ),
            (
                """
                {packages: {accepted: true}, events: [{at: 1s, offer_packages: {packages: {a: {version: b, \
                wrong: hash}}}}]}
                """,
                "file"
            ),
            (
                """
                {packages: {download: real}, events: [{at: 1s, offer_packages: {packages: {a: {version: b, \
                generated: 2MiB, wrong: signer}}}}]}
                """,
                "signed: true"
            ),
        ])
    func wrong(text: String, words: String) throws {
        let errors = try #require(throws: Problems.self) { try Self.read(text) }
        #expect(errors.description.contains(words), "\(errors)")
    }
}
