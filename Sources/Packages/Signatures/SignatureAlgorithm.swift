/// How packages are signed. All three sign the SHA-256 of the `PackageStatement`, which has the SHA-256 of the file, so
/// that a signature is made and checked without holding the file, and once for all who fetched the same content.
public enum SignatureAlgorithm: String, CaseIterable, Hashable, Sendable {
    /// ECDSA on P-256 with SHA-256, DER-encoded: what `openssl dgst -sha256 -sign` makes.
    case ecdsaP256 = "ecdsa-p256-sha256"
    /// RSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes; keys of 2,048 bits at least.
    case rsaPSS = "rsa-pss-sha256"
    /// Ed25519 over the 32 bytes of the statement's SHA-256.
    case ed25519 = "ed25519-sha256"
}
