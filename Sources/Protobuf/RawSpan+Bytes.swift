extension RawSpan {
    /// Whether the span holds exactly `bytes`. Cost: a comparison of memory; nothing is copied.
    public func elementsEqual(_ bytes: [UInt8]) -> Bool {
        guard byteCount == bytes.count else { return false }
        for index in bytes.indices where unsafeLoad(fromByteOffset: index, as: UInt8.self) != bytes[index] {
            return false
        }
        return true
    }

    /// A copy of the span's bytes.
    public func copied() -> [UInt8] {
        withUnsafeBytes { [UInt8]($0) }
    }
}
