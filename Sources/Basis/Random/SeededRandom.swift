/// A small, fast, repeatable random source (SplitMix64): eight bytes of state, the same numbers on every machine.
///
/// Agent i of a run draws everything it needs from `SeededRandom(seed: runSeed, stream: i)`, so that it is the same
/// agent in every run, on every shard and in every process. Not for secrets.
public struct SeededRandom: RandomNumberGenerator, Hashable, Sendable {
    @usableFromInline var state: UInt64

    /// The generator that starts at `seed`.
    @inlinable
    public init(seed: UInt64) {
        state = seed
    }

    /// An independent generator for one member of a family: the same (seed, stream) always gives the same numbers, and
    /// neighbouring streams share none.
    @inlinable
    public init(seed: UInt64, stream: UInt64) {
        var mixer = SeededRandom(seed: seed)
        let base = mixer.next()
        var second = SeededRandom(seed: base ^ (stream &* 0xD134_2543_DE82_EF95 &+ 0x2545_F491_4F6C_DD1D))
        state = second.next()
    }

    @inlinable
    public mutating func next() -> UInt64 {
        state &+= Self.increment
        return Self.mixed(state)
    }

    /// What the state grows by at each number.
    @usableFromInline static let increment: UInt64 = 0x9E37_79B9_7F4A_7C15

    /// SplitMix64's finisher: every bit of the result depends on every bit of `word`.
    @inlinable
    package static func mixed(_ word: UInt64) -> UInt64 {
        var mixed = word
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A uniform number in `0 ..< 1`, with 53 random bits.
    @inlinable
    public mutating func unit() -> Double {
        Self.fraction(next())
    }

    /// A number in `0 ..< 1` from the upper 53 bits of `word`.
    @inlinable
    package static func fraction(_ word: UInt64) -> Double {
        Double(word >> 11) * 0x1p-53
    }

    /// True with the given probability; at or below 0 never, at or above 1 always.
    @inlinable
    public mutating func chance(_ probability: Double) -> Bool {
        unit() < probability
    }

    /// A uniform index in `0 ..< count`; 0 where `count` is 0 or 1.
    @inlinable
    public mutating func index(below count: Int) -> Int {
        count > 1 ? Int(next().multipliedFullWidth(by: UInt64(count)).high) : 0
    }
}
