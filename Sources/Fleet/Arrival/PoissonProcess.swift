import Basis
import Foundation

/// The arrival times of a Poisson process, each found from its index alone.
///
/// Drawn one after another, the gaps between arrivals would have to be summed from the first. Instead the gaps are laid
/// out in blocks of 1, 2, 4, 8 … gaps. The sum of n gaps is Gamma distributed with shape n, so each block's length is
/// one draw. Given the length of a block, the share of it that falls on its first half is Beta(n/2, n/2) distributed
/// and independent of the length, so halving leads to any single arrival in log n draws. Each draw comes from a stream
/// of its own that the seed, the block and the half name. The joint distribution is exactly that of a Poisson process;
/// arrival i does not depend on how many come after it.
struct PoissonProcess: Sendable {
    /// Blocks beyond this would hold more agents than any profile may have.
    private static let blocks = 24

    private let meanGap: Double
    private let seed: UInt64
    /// In mean gaps: the length of all blocks before each.
    private let blockStarts: [Double]

    init(perSecond: Double, seed: UInt64) {
        meanGap = 1 / max(perSecond, .leastNormalMagnitude)
        // Apart from the streams that agents draw from.
        var mixer = SeededRandom(seed: seed ^ 0x506F_6973_736F_6E21)
        self.seed = mixer.next()
        var (starts, time) = ([0.0], 0.0)
        for block in 0..<Self.blocks {
            time += Self.length(of: block, seed: self.seed)
            starts.append(time)
        }
        blockStarts = starts
    }

    /// Seconds from the start to arrival `index`; the first one follows a gap too.
    func time(of index: Int) -> Double {
        // Gaps before and including the one that ends with this arrival.
        let gaps = min(max(index, 0) + 1, (1 << Self.blocks) - 1)
        let block = Int.bitWidth - 1 - gaps.leadingZeroBitCount
        // 2^block - 1 gaps lie in the blocks before; so many are wanted of this one.
        var wanted = gaps - ((1 << block) - 1)
        var time = blockStarts[block]
        guard wanted > 0 else { return time * meanGap }
        var size = 1 << block
        var length = Self.length(of: block, seed: seed)
        var node = 1
        while wanted < size {
            let half = size / 2
            let left = length * leftShare(block: block, node: node, half: half)
            if wanted >= half {
                time += left
                wanted -= half
                length -= left
                node = 2 * node + 1
            } else {
                length = left
                node = 2 * node
            }
            if wanted == 0 { return time * meanGap }
            size = half
        }
        return (time + length) * meanGap
    }

    /// The length of a block in mean gaps.
    private static func length(of block: Int, seed: UInt64) -> Double {
        var random = SeededRandom(seed: seed, stream: UInt64(block) << 32)
        return gamma(shape: Double(1 << block), &random)
    }

    private func leftShare(block: Int, node: Int, half: Int) -> Double {
        var random = SeededRandom(seed: seed, stream: UInt64(block) << 32 | UInt64(node))
        let left = Self.gamma(shape: Double(half), &random)
        let right = Self.gamma(shape: Double(half), &random)
        return left / (left + right)
    }

    /// A draw from the Gamma distribution with a shape of at least 1 and scale 1, by the squeeze of Marsaglia and Tsang
    /// (2000).
    private static func gamma(shape: Double, _ random: inout SeededRandom) -> Double {
        if shape == 1 { return -log(1 - random.unit()) }
        let d = shape - 1.0 / 3.0
        let c = 1 / (9 * d).squareRoot()
        // More than 95 of 100 tries succeed; a row of 200 failures does not happen.
        for _ in 0..<200 {
            let radius = (-2 * log(1 - random.unit())).squareRoot()
            let normal = radius * cos(2 * .pi * random.unit())
            let root = 1 + c * normal
            guard root > 0 else { continue }
            let cube = root * root * root
            if log(1 - random.unit()) < normal * normal / 2 + d - d * cube + d * log(cube) { return d * cube }
        }
        return d
    }
}
