import CLinux

/// The heap of this process (malloc).
public enum ProcessHeap {
    /// glibc's own idea of a large block, before it grows.
    private static let largeBlock = 128 * 1024

    /// Has large blocks given back to the system when they are freed.
    ///
    /// Left alone, glibc takes every large block that is freed as a hint to serve blocks of that size from its heap
    /// from then on. The histograms of each second would leave holes of several MiB between what agents keep. For a
    /// program as a whole, at its start.
    public static func giveBackLargeBlocks() {
        clinux_map_blocks_from(Int32(largeBlock))
    }

    /// Gives free pages back to the system: after a time in which much more was needed than later, as when a fleet
    /// arrives. Some milliseconds for each 100 MB, in which other threads may wait for malloc.
    public static func giveBackFreePages() {
        clinux_trim_heap()
    }
}
