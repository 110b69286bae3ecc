import Basis

/// Where the trade-off of a sweep bends: from the value on, time that is gained costs many more broken agents, or the
/// other way round.
///
/// The knee is the value whose point (mean time to the end, mean number of broken agents) lies furthest on the good
/// side of the straight line between the first and the last value, both axes taken from 0 to 1 (Satopaa et al.,
/// "Finding a Kneedle in a Haystack", 2011). The seeds are drawn again with replacement, the same ones for each value,
/// and the knee is looked for in each of these samples: 95 % of them give its interval.
public struct Knee: Hashable, Sendable {
    /// The places of the values between which it lies, with a confidence of 95 %.
    public var interval: ClosedRange<Int>
    /// The place of the value that is the knee of all seeds together.
    public var place: Int
    /// The share of the samples whose knee is that value.
    public var share: Double
    /// The distance from the line, of which 97.5 % of the samples have more.
    public var distance: Double

    /// Whether the samples agree on one value, and it lies off the line.
    public var isMarked: Bool { interval.lowerBound == interval.upperBound && distance > 0 }

    static let samples = 1_000
    /// With fewer seeds nothing is said.
    static let minSeeds = 10
}

extension Sweep {
    /// The knee of a sweep; nil where there are fewer than three values or too few seeds, or where the last value is
    /// not better than the first in one respect and worse in the other: then nothing is traded.
    public static func knee(of points: [Point]) -> Knee? {
        let runs = points.map(\.runs)
        guard points.count >= 3, let seeds = runs.first?.count, seeds >= Knee.minSeeds,
            runs.allSatisfy({ $0.count == seeds }), let place = place(of: runs, Array(0..<seeds))
        else { return nil }
        var random = SeededRandom(seed: 1)
        var places: [Int] = []
        var distances: [Double] = []
        for _ in 0..<Knee.samples {
            let drawn = (0..<seeds).map { _ in random.index(below: seeds) }
            guard let sample = Self.place(of: runs, drawn) else { continue }
            places.append(sample.place)
            distances.append(sample.distances[place.place])
        }
        // Where most samples trade nothing, there is no knee.
        guard places.count * 100 >= Knee.samples * 95 else { return nil }
        let share = Double(places.count { $0 == place.place }) / Double(places.count)
        places.sort()
        distances.sort()
        let (low, high) = (places[places.count / 40], places[places.count - 1 - places.count / 40])
        return Knee(interval: low...high, place: place.place, share: share, distance: distances[distances.count / 40])
    }

    /// The knee of some of the seeds, and how far each value lies on the good side of the line.
    private static func place(of runs: [[Run]], _ seeds: [Int]) -> (place: Int, distances: [Double])? {
        var times: [Double] = []
        var broken: [Double] = []
        for point in runs {
            let ended = seeds.compactMap { point[$0].seconds }
            guard !ended.isEmpty else { return nil }
            times.append(ended.reduce(0, +) / Double(ended.count))
            broken.append(seeds.reduce(0.0) { $0 + Double(point[$1].broken) } / Double(seeds.count))
        }
        let last = runs.count - 1
        let (time, breaks) = (times[last] - times[0], broken[last] - broken[0])
        guard time * breaks < 0 else { return nil }
        // From 0, the better end of each axis, to 1.
        let (minTime, minBroken) = (min(times[0], times[last]), min(broken[0], broken[last]))
        let distances = runs.indices.map { index in
            let timeShare = (times[index] - minTime) / abs(time)
            let brokenShare = (broken[index] - minBroken) / abs(breaks)
            return (1 - timeShare - brokenShare) / 2.0.squareRoot()
        }
        guard let place = distances.indices.dropFirst().dropLast().max(by: { distances[$0] < distances[$1] })
        else { return nil }
        return (place, distances)
    }
}
