import Basis

/// Counter-based randomness: every draw is a function of (seed, agent, purpose, number). Nothing is consumed, so an
/// event that is left out moves no other draw, and any thread may draw for any agent.
struct KeyedDraws: Sendable {
    /// What a draw is for.
    enum Purpose: UInt64 {
        case phase = 1
        case replica, sequence
        case offer, applying, push, messageLoss, latency
        case loss, attempt, choice, admission, open, restart, flap
        case fault, failure
        case package
        case clock
    }

    private let key: UInt64

    init(seed: UInt64) {
        key = SeededRandom.mixed(SeededRandom.mixed(seed &+ 0x9E37_79B9_7F4A_7C15) ^ 0x5851_F42D_4C95_7F2D)
    }

    /// 64 random bits. `number` counts below 2^24.
    @inline(__always)
    func bits(_ agent: UInt32, _ purpose: Purpose, _ number: UInt32 = 0) -> UInt64 {
        let word = UInt64(agent) << 32 | purpose.rawValue << 24 | UInt64(number & 0xFF_FFFF)
        return SeededRandom.mixed((word &* 0x9E37_79B9_7F4A_7C15) ^ key)
    }

    /// A stream of random numbers of its own.
    @inline(__always)
    func stream(_ agent: UInt32, _ purpose: Purpose, _ number: UInt32 = 0) -> SeededRandom {
        SeededRandom(seed: bits(agent, purpose, number))
    }

    /// A uniform whole number below `bound`; 0 where that is 0.
    @inline(__always)
    func below(_ bound: UInt64, _ agent: UInt32, _ purpose: Purpose, _ number: UInt32 = 0) -> UInt64 {
        bits(agent, purpose, number).multipliedFullWidth(by: bound).high
    }

    /// True with the given odds.
    @inline(__always)
    func chance(_ odds: Double, _ agent: UInt32, _ purpose: Purpose, _ number: UInt32 = 0) -> Bool {
        odds > 0 && SeededRandom.fraction(bits(agent, purpose, number)) < odds
    }
}
