import Zlib

/// Decompresses gzip or raw deflate piece by piece through one buffer of fixed size: a bomb costs time, which the
/// caller bounds by the size of the output, and no memory.
final class InflateStream {
    private static let pieceSize = 32 << 10
    private let stream: ZlibStream
    /// What the last step brought; valid until the next.
    private(set) var output: [UInt8] = []

    init(_ format: ZlibStream.Format) {
        stream = ZlibStream(.decompress, format)
        output.reserveCapacity(Self.pieceSize)
    }

    /// As new.
    func restart() {
        stream.reset()
        output.removeAll(keepingCapacity: true)
    }

    /// Decompresses from `offset` on, until the input is used up or the buffer is full.
    func step(_ input: RawSpan, at offset: inout Int) -> ZlibStream.Step {
        output.removeAll(keepingCapacity: true)
        return stream.step(input, at: &offset, room: Self.pieceSize, into: &output)
    }
}
