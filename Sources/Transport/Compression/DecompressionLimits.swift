/// The bounds on the work that one compressed message may cause, whatever it decompresses to.
enum DecompressionLimits {
    /// 4 MiB: a message that decompresses to more is first only counted, in a few KiB of memory.
    static let unmeasuredBytes = 4 << 20
    /// How many gzip members, zstd frames or ended deflate streams one message may consist of. Each costs far more
    /// than its few bytes; real peers send one, and block-wise compressors one for each 64 KiB.
    static let streams = 4_096
}
