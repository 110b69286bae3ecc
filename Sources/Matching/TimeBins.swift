import Basis

/// Service times in bins: four an octave, from 8 µs to 275 s.
enum TimeBins {
    static let count = 100
    private static let firstOctave = 13

    @inline(__always)
    static func bin(of span: Nanoseconds) -> Int {
        guard span.count >= 1 << firstOctave else { return 0 }
        let octave = 63 - span.count.leadingZeroBitCount
        let quarter = Int(truncatingIfNeeded: span.count &>> Int64(octave - 2)) & 3
        return min((octave - firstOctave) * 4 + quarter, count - 1)
    }

    /// Where a bin begins, in seconds; the first begins at zero.
    static func lowEdge(of bin: Int) -> Double {
        guard bin > 0 else { return 0 }
        let octave = Double(Int64(1) << Int64(firstOctave + bin / 4))
        return octave * (1 + Double(bin % 4) / 4) / 1e9
    }

    static func width(of bin: Int) -> Double { lowEdge(of: bin + 1) - lowEdge(of: bin) }
}
