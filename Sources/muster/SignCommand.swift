import ArgumentParser
import Basis
import Fleet
import Foundation
import OpenSSL
import Packages

/// `muster sign`: keys, hashes and signatures of packages.
struct SignCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign", abstract: "Create keys, sign packages, and verify signatures.",
        subcommands: [Keys.self, Package.self, Verify.self])

    /// `muster sign keys`.
    struct Keys: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create a key pair: <signer>.key.pem, which only you can read, and <signer>.pub.pem.")

        @Option(help: "The folder for the keys; it is created if it is missing.")
        var out: String

        @Option(
            help: "ecdsa-p256, rsa-pss or ed25519 (default: one pair of each, with its name in the name of the files).")
        var algorithm: String?

        @Option(help: "The name of the signer, by which agents find the key.")
        var signer = "release"

        func run() throws {
            let algorithms = try algorithm.map { [try SignWords.algorithm($0)] } ?? SignatureAlgorithm.allCases
            for algorithm in algorithms {
                let name = algorithms.count == 1 ? signer : "\(signer)-\(SignWords.word(for: algorithm))"
                guard DetachedSignature.isSigner(name) else {
                    throw Failure(.badUsage, "--signer: \(PackageKeyError.badSigner(name))")
                }
                let key: SigningKey
                do throws(PackageKeyError) { key = try SigningKey.generate(algorithm) } catch {
                    throw Failure(.runFailed, "\(error)")
                }
                let folder = URL(fileURLWithPath: out, isDirectory: true)
                do throws(FileError) { try Files.createDirectory(out) } catch {
                    throw Failure(.badUsage, "--out: \(error)")
                }
                let privatePath = folder.appendingPathComponent("\(name).key.pem").path
                let publicPath = folder.appendingPathComponent("\(name).pub.pem").path
                guard !Files.exists(publicPath) else { throw Failure(.badUsage, SignWords.exists(publicPath)) }
                try NewFile.write(key.pem, to: privatePath, mode: 0o600)
                try NewFile.write(key.publicKey.pem, to: publicPath, mode: 0o644)
                print("\(algorithm.rawValue): \(privatePath) (keep it secret), \(publicPath)")
            }
        }
    }

    /// `muster sign package`.
    struct Package: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sign the file of a package: writes <file>.sig and <file>.sha256 beside it.",
            discussion: "The signature is over the package's name and version and the SHA-256 of the file.")

        @Argument(help: "The file.")
        var file: String

        @Option(help: "The private key, such as keys/release.key.pem.")
        var key: String

        @Option(help: "The name of the signer (default: from the name of the key file).")
        var signer: String?

        @OptionGroup var identity: SignedPackage

        func run() throws {
            let package = try identity.name(of: file)
            let pem = try SignWords.text(of: key, option: "--key")
            let name = signer ?? SignWords.signer(of: key, ending: ".key.pem")
            let digest = try SignWords.inspect(file).digest
            let signature: DetachedSignature
            do throws(PackageKeyError) {
                signature = try SigningKey(pem: pem).sign(
                    PackageStatement(package, digest: digest), as: name)
            } catch {
                throw Failure(.badUsage, "--key: \(error)")
            }
            let hash = HexText.text(digest)
            try SignWords.replace(file + ".sig", with: signature.text)
            try SignWords.replace(
                file + ".sha256", with: "\(hash)  \(URL(fileURLWithPath: file).lastPathComponent)\n")
            print("\(hash)  \(file)")
            print("package \(package.name), version \(package.version)")
            print("signed by \(name) with \(signature.algorithm.rawValue): \(file).sig")
        }
    }

    /// `muster sign verify`.
    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                """
                Verify the file of a package as an agent does: hash, signature, contents. Exit code 1 if one is \
                rejected.
                """
        )

        @Argument(help: "The file.")
        var file: String

        @Option(help: "The signature (default: <file>.sig).")
        var signature: String?

        @Option(
            name: .customLong("trust"), parsing: .upToNextOption,
            help: "Public keys to trust, such as keys/release.pub.pem: the file is named after the signer.")
        var trusted: [String] = []

        @OptionGroup var identity: SignedPackage

        func run() throws {
            let package = try identity.name(of: file)
            var pems: [String: String] = [:]
            for path in trusted {
                pems[SignWords.signer(of: path, ending: ".pub.pem")] = try SignWords.text(of: path, option: "--trust")
            }
            let keys: TrustedKeys
            do throws(UntrustworthyKey) { keys = try TrustedKeys(pems: pems) } catch {
                throw Failure(.badUsage, "--trust: \(error)")
            }
            let found = try SignWords.inspect(file)
            let hash = HexText.text(found.digest)
            var isFine = true
            func tell(_ what: String, _ name: String, _ isGood: Bool) {
                let check = what.padding(toLength: 10, withPad: " ", startingAt: 0)
                print("\(check) \(isGood ? "passed  " : "REJECTED") \(name)")
                isFine = isFine && isGood
            }
            if let beside = try? SignWords.text(of: file + ".sha256", option: "") {
                tell("hash", hash, beside.split(separator: " ").first.map(String.init) == hash)
            } else {
                print("hash       computed \(hash)")
            }
            let path = signature ?? file + ".sig"
            let bytes = try SignWords.text(of: path, option: "--signature")
            print("package    \(package.name), version \(package.version)")
            let verdict = keys.judge(Array(bytes.utf8), of: PackageStatement(package, digest: found.digest))
            let isValid = if case .valid = verdict { true } else { false }
            tell("signature", verdict.words, isValid)
            let isSound = if case .refused = found.contents { false } else { true }
            tell("contents", found.contents.name, isSound)
            if !isFine { throw ExitStatus.runFailed }
        }
    }
}

/// As what a file is signed.
struct SignedPackage: ParsableArguments {
    @Option(help: "The name of the package (default: from the name of the file, as in collector-0.115.0.tar.gz).")
    var name: String?

    @Option(name: .customLong("version-of"), help: "The version of the package (default: from the name of the file).")
    var version: String?

    func name(of file: String) throws -> PackageName {
        let base = URL(fileURLWithPath: file).lastPathComponent
        let parts = PackageFileName.parts(of: base)
        guard let name = name ?? parts?.name,
            let version = version ?? PackageFileName.version(of: base, package: name)
        else {
            throw Failure(
                .badUsage,
                "\(file) is not named as collector-0.115.0.tar.gz is; give --name and --version-of."
            )
        }
        return PackageName(name, version: version)
    }
}

/// What the commands share.
private enum SignWords {
    static func algorithm(_ word: String) throws -> SignatureAlgorithm {
        guard let algorithm = SignatureAlgorithm.allCases.first(where: { self.word(for: $0) == word }) else {
            let words = SignatureAlgorithm.allCases.map(self.word).joined(separator: ", ")
            throw Failure(.badUsage, "--algorithm: '\(word)' is not one of \(words).")
        }
        return algorithm
    }

    static func word(for algorithm: SignatureAlgorithm) -> String {
        switch algorithm {
        case .ecdsaP256: "ecdsa-p256"
        case .rsaPSS: "rsa-pss"
        case .ed25519: "ed25519"
        }
    }

    /// The signer that a key's file is named after.
    static func signer(of path: String, ending: String) -> String {
        let name = URL(fileURLWithPath: path).lastPathComponent
        return name.hasSuffix(ending) ? String(name.dropLast(ending.count)) : name
    }

    static func exists(_ path: String) -> String {
        "\(path) already exists; give another --signer or --out, or delete it."
    }

    /// A small text file.
    static func text(of path: String, option: String) throws -> String {
        do throws(FileError) { return try Files.text(path, limit: 64 << 10) } catch {
            throw Failure(.badUsage, "\(option): \(error)")
        }
    }

    /// Reads a file once, in pieces.
    static func inspect(_ path: String) throws -> (digest: [UInt8], contents: ContentsVerdict) {
        let digest = SHA256()
        let inspector = PackageInspector()
        do throws(FileError) {
            try Files.readPieces(path) { piece in
                digest.add(piece.span.bytes)
                inspector.add(piece.span.bytes)
            }
        } catch {
            throw Failure(.badUsage, "\(error)")
        }
        return (digest.finish(), inspector.finish().contents)
    }

    static func replace(_ path: String, with text: String) throws {
        do throws(FileError) { try Files.replace(path, with: text.utf8) } catch {
            throw Failure(.runFailed, "\(error)")
        }
    }
}
