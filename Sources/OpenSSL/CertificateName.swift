import COpenSSL

/// Distinguished names with nothing but a common name.
package enum CertificateName {
    /// RFC 5280's upper bound for a common name.
    private static let lengthLimit = 64

    package static func set(_ commonName: String, in name: OpaquePointer) {
        let bytes = Array(commonName.utf8.prefix(lengthLimit))
        X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, bytes, Int32(bytes.count), -1, 0)
    }

    package static func text(of name: OpaquePointer?) -> String {
        guard let name else { return "" }
        var text = [CChar](repeating: 0, count: 256)
        let count = X509_NAME_get_text_by_NID(name, NID_commonName, &text, Int32(text.count))
        return count > 0 ? String(decoding: text.prefix(Int(count)).map { UInt8(bitPattern: $0) }, as: UTF8.self) : ""
    }
}
