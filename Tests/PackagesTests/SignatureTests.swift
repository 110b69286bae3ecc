import Basis
import OpenSSL
import Testing

@testable import Packages

@Suite("Signatures of packages (spec: Code Signing)")
struct SignatureTests {
    private static let digest = SHA256.hash(of: Array("a package".utf8))
    private static let statement = PackageStatement(PackageName("collector", version: "1"), digest: digest)

    @Test("What a key signs its public key confirms, over PEM and text", arguments: SignatureAlgorithm.allCases)
    func roundTrip(algorithm: SignatureAlgorithm) throws {
        let key = try SigningKey(pem: SigningKey.generate(algorithm).pem)
        #expect(key.algorithm == algorithm)
        let signature = try key.sign(Self.statement, as: "release@example")
        let bytes = Array(signature.text.utf8)
        #expect(try DetachedSignature(bytes) == signature)
        let trusted = try TrustedKeys(pems: ["release@example": key.publicKey.pem])
        #expect(trusted.judge(bytes, of: Self.statement) == .valid(signer: "release@example"))
    }

    @Test("Every way in which a signature can be wrong has its verdict", arguments: SignatureAlgorithm.allCases)
    func wrong(algorithm: SignatureAlgorithm) throws {
        let key = try SigningKey.generate(algorithm)
        let signature = try key.sign(Self.statement, as: "release")
        var trusted = try TrustedKeys(pems: ["release": key.publicKey.pem])
        func verdict(
            _ change: (inout DetachedSignature) -> Void, of statement: PackageStatement = Self.statement
        ) -> SignatureVerdict {
            var changed = signature
            change(&changed)
            return trusted.judge(Array(changed.text.utf8), of: statement)
        }
        #expect(trusted.judge([], of: Self.statement) == .unsigned)
        #expect(trusted.judge([1, 2], of: Self.statement).name == "signature_no_heading")
        #expect(verdict({ $0.signer = "somebody" }) == .unknownSigner("somebody"))
        #expect(verdict({ $0.signature[$0.signature.count / 2] ^= 1 }) == .invalid(signer: "release"))
        #expect(verdict({ $0.signature.removeLast() }) == .invalid(signer: "release"))
        #expect(verdict({ $0.signature.append(0) }) == .invalid(signer: "release"))
        #expect(
            verdict({ _ in }, of: PackageStatement(Self.statement.package, digest: SHA256.hash(of: [])))
                == .invalid(signer: "release"))
        // An old signed file under a new name or version.
        for package in [PackageName("collector", version: "2"), PackageName("other", version: "1")] {
            #expect(
                verdict({ _ in }, of: PackageStatement(package, digest: Self.digest))
                    == .otherPackage(signer: "release", Self.statement.package))
            #expect(
                verdict({ $0.package = package }, of: PackageStatement(package, digest: Self.digest))
                    == .invalid(signer: "release"))
        }
        let other = try #require(SignatureAlgorithm.allCases.first { $0 != algorithm })
        #expect(verdict({ $0.algorithm = other }) == .wrongAlgorithm(signer: "release"))
        trusted.trust(try SigningKey.generate(algorithm).publicKey, of: "release")
        #expect(verdict({ _ in }) == .invalid(signer: "release"))
    }

    @Test("No one bit of a signature's text can be changed without being noticed")
    func bits() throws {
        let key = try SigningKey.generate(.ed25519)
        let bytes = Array(try key.sign(Self.statement, as: "r").text.utf8)
        let trusted = try TrustedKeys(pems: ["r": key.publicKey.pem])
        for index in bytes.indices {
            for bit in 0..<8 {
                var changed = bytes
                changed[index] ^= 1 << bit
                let isValid = if case .valid = trusted.judge(changed, of: Self.statement) { true } else { false }
                #expect(!isValid, "byte \(index), bit \(bit)")
            }
        }
    }

    private static func text(
        algorithm: String = "ed25519-sha256", signer: String = "a", package: String = "p", version: String = "1",
        signature: String = "AA=="
    ) -> String {
        "muster-signature 2\nalgorithm: \(algorithm)\nsigner: \(signer)\npackage: \(package)\nversion: \(version)\n"
            + "signature: \(signature)\n"
    }

    @Test("No name or version can pretend to be another line of the statement")
    func names() throws {
        let names = ["", "a\nversion: 2", "100%", "%0a", "Grüße", "\u{7F}\r", "p: q"]
        var texts: Set<String> = []
        for name in names {
            for version in names {
                let package = PackageName(name, version: version)
                let statement = PackageStatement(package, digest: Self.digest)
                #expect(statement.text.split(separator: "\n", omittingEmptySubsequences: false).count == 5)
                #expect(texts.insert(statement.text).inserted)
                let signature = DetachedSignature(algorithm: .ed25519, signer: "a", package: package, signature: [0])
                #expect(try DetachedSignature(Array(signature.text.utf8)) == signature)
            }
        }
    }

    @Test(
        "A signature file is read strictly",
        arguments: [
            ("", SignatureProblem.noHeading), ("muster-signature 3\n", .noHeading),
            ("muster-signature 1\nalgorithm: ed25519-sha256\nsigner: a\nsignature: AA==\n", .oldFormat),
            ("muster-signature 2\n", .badLines), (text(algorithm: "md5"), .unknownAlgorithm),
            (text(signer: "a b"), .badSigner), (text(signer: ""), .badSigner), (text(signature: ""), .badBase64),
            (text(signature: "AB=="), .badBase64), (text(signature: "A"), .badBase64),
            (String(text().dropLast()), .badLines), (text() + "more\n", .badLines),
            (text(package: "a%0"), .badPackage), (text(package: "%41"), .badPackage),
            (text(package: "a%0A"), .badPackage), (text(version: "%zz"), .badPackage),
            (text(version: "1\nversion: 2"), .badLines),
            (
                "muster-signature 2\nsigner: a\nalgorithm: ed25519-sha256\npackage: p\nversion: 1\nsignature: AA==\n",
                .badLines
            ),
            (text().replacing("\n", with: "\r\n"), .noHeading),
        ])
    func strict(text: String, problem: SignatureProblem) {
        #expect(throws: problem) { try DetachedSignature(Array(text.utf8)) }
    }

    @Test("Too long, and not text")
    func notText() {
        #expect(throws: SignatureProblem.tooLong) { try DetachedSignature([UInt8](repeating: 97, count: 9_000)) }
        #expect(throws: SignatureProblem.notText) { try DetachedSignature([0xFF, 0xFE]) }
    }

    @Test("Keys that no package is signed with are refused with the reason")
    func unsuitable() throws {
        #expect(throws: PackageKeyError.noPrivateKey) { try SigningKey(pem: "no key") }
        #expect(throws: PackageKeyError.noPublicKey) { try VerifyingKey(pem: "no key") }
        let key = try SigningKey.generate(.ed25519)
        #expect(throws: PackageKeyError.badSigner("a b")) { try key.sign(Self.statement, as: "a b") }
        // A private key is no public one.
        #expect(throws: (any Error).self) { try TrustedKeys(pems: ["a": key.pem]) }
        #expect(throws: (any Error).self) { try TrustedKeys(pems: ["a b": key.publicKey.pem]) }
    }

    @Test("SHA-256 in pieces is that of the whole (FIPS 180-4's example)")
    func digest() {
        #expect(
            HexText.text(SHA256.hash(of: Array("abc".utf8)))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        let digest = SHA256()
        digest.add(Array("xyz".utf8).span.bytes)
        digest.restart()
        for byte in "abc".utf8 { digest.add([byte].span.bytes) }
        #expect(digest.finish() == SHA256.hash(of: Array("abc".utf8)))
        #expect(digest.finish() == SHA256.hash(of: []))
    }
}
