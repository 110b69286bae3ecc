import Foundation

/// How long the tests on mutated and random input run: as a matter of course, or with `MUSTER_FUZZ=long` for some
/// minutes.
enum FuzzLength {
    private static let isLong = ProcessInfo.processInfo.environment["MUSTER_FUZZ"] == "long"

    /// `usual` rounds, or a hundred times as many.
    static func rounds(_ usual: Int) -> Int {
        isLong ? usual * 100 : usual
    }
}
