import Synchronization

/// Whether connections are handed over. Where the first record after a hand-over is refused, a record number or a key
/// may be wrong, perhaps because another version of OpenSSL calls back in another order: after a few such records all
/// later connections keep their SSL.
final class HandOverSwitch: Sendable {
    /// One peer that sends garbage must not turn it off.
    static let limit = 3
    /// The process's.
    static let shared = HandOverSwitch()

    private let refused = Atomic<Int>(0)

    var isOn: Bool { refused.load(ordering: .relaxed) <= Self.limit }

    /// A first record after a hand-over was refused.
    func noteRefusal() {
        refused.add(1, ordering: .relaxed)
    }
}
