import Basis
import OpenSSL
import Testing

@testable import Packages

@Suite("Signatures of packages (spec: Code Signing)")
struct SignatureTests {
    private static let digest = SHA256.hash(of: Array("a package".utf8))

    @Test("What a key signs its public key confirms, over PEM and text", arguments: SignatureAlgorithm.allCases)
    func roundTrip(algorithm: SignatureAlgorithm) throws {
        let key = try SigningKey(pem: SigningKey.generate(algorithm).pem)
        #expect(key.algorithm == algorithm)
        let signature = try key.sign(digest: Self.digest, as: "release@example")
        let bytes = Array(signature.text.utf8)
        #expect(try DetachedSignature(bytes) == signature)
        let trusted = try TrustedKeys(pems: ["release@example": key.publicKey.pem])
        #expect(trusted.judge(bytes, digest: Self.digest) == .valid(signer: "release@example"))
    }

    @Test("Every way in which a signature can be wrong has its verdict", arguments: SignatureAlgorithm.allCases)
    func wrong(algorithm: SignatureAlgorithm) throws {
        let key = try SigningKey.generate(algorithm)
        let signature = try key.sign(digest: Self.digest, as: "release")
        var trusted = try TrustedKeys(pems: ["release": key.publicKey.pem])
        func verdict(_ change: (inout DetachedSignature) -> Void, digest: [UInt8] = Self.digest) -> SignatureVerdict {
            var changed = signature
            change(&changed)
            return trusted.judge(Array(changed.text.utf8), digest: digest)
        }
        #expect(trusted.judge([], digest: Self.digest) == .unsigned)
        #expect(trusted.judge([1, 2], digest: Self.digest).name == "signature_no_heading")
        #expect(verdict({ $0.signer = "somebody" }) == .unknownSigner("somebody"))
        #expect(verdict({ $0.signature[$0.signature.count / 2] ^= 1 }) == .invalid(signer: "release"))
        #expect(verdict({ $0.signature.removeLast() }) == .invalid(signer: "release"))
        #expect(verdict({ $0.signature.append(0) }) == .invalid(signer: "release"))
        #expect(verdict({ _ in }, digest: SHA256.hash(of: [])) == .invalid(signer: "release"))
        let other = try #require(SignatureAlgorithm.allCases.first { $0 != algorithm })
        #expect(verdict({ $0.algorithm = other }) == .wrongAlgorithm(signer: "release"))
        trusted.trust(try SigningKey.generate(algorithm).publicKey, of: "release")
        #expect(verdict({ _ in }) == .invalid(signer: "release"))
    }

    @Test("No one bit of a signature's text can be changed without being noticed")
    func bits() throws {
        let key = try SigningKey.generate(.ed25519)
        let bytes = Array(try key.sign(digest: Self.digest, as: "r").text.utf8)
        let trusted = try TrustedKeys(pems: ["r": key.publicKey.pem])
        for index in bytes.indices {
            for bit in 0..<8 {
                var changed = bytes
                changed[index] ^= 1 << bit
                let isValid = if case .valid = trusted.judge(changed, digest: Self.digest) { true } else { false }
                #expect(!isValid, "byte \(index), bit \(bit)")
            }
        }
    }

    @Test(
        "A signature file is read strictly",
        arguments: [
            ("", SignatureProblem.noHeading), ("muster-signature 2\n", .noHeading), ("muster-signature 1\n", .badLines),
            ("muster-signature 1\nalgorithm: md5\nsigner: a\nsignature: AA==\n", .unknownAlgorithm),
            ("muster-signature 1\nalgorithm: ed25519-sha256\nsigner: a b\nsignature: AA==\n", .badSigner),
            ("muster-signature 1\nalgorithm: ed25519-sha256\nsigner: \nsignature: AA==\n", .badSigner),
            ("muster-signature 1\nalgorithm: ed25519-sha256\nsigner: a\nsignature: \n", .badBase64),
            ("muster-signature 1\nalgorithm: ed25519-sha256\nsigner: a\nsignature: AB==\n", .badBase64),
            ("muster-signature 1\nalgorithm: ed25519-sha256\nsigner: a\nsignature: A\n", .badBase64),
            ("muster-signature 1\nalgorithm: ed25519-sha256\nsigner: a\nsignature: AA==", .badLines),
            ("muster-signature 1\nsigner: a\nalgorithm: ed25519-sha256\nsignature: AA==\n", .badLines),
            ("muster-signature 1\nalgorithm: ed25519-sha256\nsigner: a\nsignature: AA==\nmore\n", .badLines),
            ("muster-signature 1\r\nalgorithm: ed25519-sha256\r\nsigner: a\r\nsignature: AA==\r\n", .noHeading),
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
        #expect(throws: PackageKeyError.badSigner("a b")) { try key.sign(digest: Self.digest, as: "a b") }
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
