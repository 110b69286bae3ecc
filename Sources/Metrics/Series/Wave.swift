public import Basis
public import OpAMP
import Synchronization

extension OfferKind {
    /// The name in files: stable from release to release.
    public var key: String {
        switch self {
        case .remoteConfig: "config"
        case .packages: "packages"
        case .connectionSettings: "connection"
        }
    }

    /// The name in tables.
    public var title: String {
        switch self {
        case .remoteConfig: "config"
        case .packages: "packages"
        case .connectionSettings: "connection settings"
        }
    }
}

/// From when the times of a wave count.
public enum WaveClock: String, Hashable, Sendable {
    /// The moment at which the run had its own server put the offer up.
    case event
    /// The moment at which the offer reached the first agent of the fleet: the server is not ours to ask.
    case firstReceipt = "first_receipt"
}

/// An offer on its way through the fleet.
public struct Wave: Hashable, Sendable {
    public var kind: OfferKind
    /// The phase that began with it, or a number where none did.
    public var label: String
    public var clock: WaveClock
    /// When its clock began.
    public var origin: Instant
    /// Distinguishes the offer from others: the first bytes of its hash.
    package var number: UInt64

    package init(kind: OfferKind, label: String, clock: WaveClock, origin: Instant, number: UInt64) {
        self.kind = kind
        self.label = label
        self.clock = clock
        self.origin = origin
        self.number = number
    }
}

/// One agent's reaching a stage of a wave.
struct WaveSample: Hashable, Sendable {
    let wave: UInt16
    let stage: OfferStage
    let span: Nanoseconds
}

/// A wave in figures.
public struct WaveSummary: Hashable, Sendable {
    public var wave: Wave
    /// From the start of the run to the start of the wave's clock.
    public var start: Nanoseconds
    /// The times from the wave's clock to each stage, by `OfferStage.rawValue`.
    public var stages: [CompactHistogram]

    package init(wave: Wave, start: Nanoseconds, stages: [CompactHistogram]) {
        self.wave = wave
        self.start = start
        self.stages = stages
    }

    /// The tag of a stage in histogram logs.
    package func tag(_ stage: OfferStage) -> String {
        let label = wave.label.replacing(" ", with: "_").replacing(",", with: "_")
        return "wave/\(label)/\(stage.name)"
    }

    /// How many agents have reached a stage.
    public func count(_ stage: OfferStage) -> UInt64 { stages[Int(stage.rawValue)].count }

    /// The times to a stage.
    public subscript(stage: OfferStage) -> CompactHistogram { stages[Int(stage.rawValue)] }

    /// The share, 0...1, of the agents that received the offer which had reached `stage` by `span` on the wave's clock.
    public func share(of stage: OfferStage, by span: Nanoseconds) -> Double {
        let received = count(.received)
        guard received > 0, count(stage) > 0 else { return 0 }
        return min(self[stage].share(atMost: span) * Double(count(stage)) / Double(received), 1)
    }

    /// The share, 0...1, of a fleet that converged. An agent that receives the offer again, after a restart for
    /// example, converges again: there can be more outcomes than agents.
    public func convergedShare(of agents: Int) -> Double {
        agents > 0 ? min(Double(count(.converged)) / Double(agents), 1) : 0
    }

    /// When the last agent converged, on the wave's clock; `nil` where none did.
    public var lastConverged: Nanoseconds? {
        count(.converged) > 0 ? Nanoseconds(Int64(clamping: self[.converged].highest)) : nil
    }

    /// Times from the start of the clock to the last agent's last stage, evenly spread: for drawing the shares.
    public var times: [Nanoseconds] {
        let last = stages.map(\.highest).max() ?? 0
        guard last > 0 else { return [] }
        return (0...Self.steps).map { Nanoseconds(Int64(clamping: last)).scaled(by: Double($0) / Double(Self.steps)) }
    }

    /// As fine as a picture of it needs.
    private static let steps = 60
}

/// From when each offer's times count: shared by the shards of a run and its collector.
///
/// Where the run's own server makes the offer, the clock is set at that moment. Otherwise it starts when the offer
/// reaches the first agent. The lock is taken where an agent reaches a stage of an offer, which is rare, and never on a
/// heartbeat's way.
public final class WaveClocks: Sendable {
    /// Waves of one run that are kept apart; offers beyond them are counted under `waves_beyond_limit`.
    public static let limit = 128

    private let waves = Mutex<[Wave]>([])

    public init() {}

    /// The run's own server makes an offer.
    /// - Parameters:
    ///   - number: the number of the offer, as agents report it.
    ///   - label: what the wave is called in the results.
    public func begin(_ kind: OfferKind, number: UInt64, label: String, at origin: Instant) {
        add(Wave(kind: kind, label: label, clock: .event, origin: origin, number: number))
    }

    /// An offer is withdrawn: the agents that had it are offered an earlier one, not the same for all of them.
    public func beginAgain(_ kind: OfferKind, label: String, at origin: Instant) {
        let numbers = waves.withLock { Set($0.filter { $0.kind == kind }.map(\.number)) }
        for number in numbers.sorted() {
            add(Wave(kind: kind, label: label, clock: .event, origin: origin, number: number))
        }
    }

    private func add(_ wave: Wave) {
        waves.withLock { if $0.count < Self.limit { $0.append(wave) } }
    }

    /// The wave that an agent is part of which received the offer at `received`, and its origin.
    /// - Returns: `nil` where there are too many.
    func wave(_ kind: OfferKind, number: UInt64, received: Instant) -> (index: UInt16, origin: Instant)? {
        waves.withLock { waves in
            let known = waves.indices.filter { waves[$0].kind == kind && waves[$0].number == number }
            // The same offer may be put up again, to more agents: an agent belongs to the last time before it got it.
            if let index = known.last(where: { waves[$0].origin <= received }) ?? known.first {
                return (UInt16(index), waves[index].origin)
            }
            guard waves.count < Self.limit else { return nil }
            let seen = waves.count { $0.clock == .firstReceipt } + 1
            waves.append(
                Wave(
                    kind: kind, label: "\(kind.key) offer \(seen)", clock: .firstReceipt, origin: received,
                    number: number))
            return (UInt16(waves.count - 1), received)
        }
    }

    /// All waves until now.
    public var all: [Wave] { waves.withLock { $0 } }
}

/// The collector's side of the waves: their histograms, kept compact.
struct WaveBook {
    private var stages: [UInt16: [CompactHistogram]] = [:]

    mutating func add(_ samples: [WaveSample]) {
        guard !samples.isEmpty else { return }
        var fresh: [UInt16: [OfferStage: LatencyHistogram]] = [:]
        for sample in samples {
            _ = fresh[sample.wave, default: [:]][sample.stage, default: LatencyHistogram()].record(sample.span)
        }
        for (wave, histograms) in fresh {
            var known = stages[wave] ?? [CompactHistogram](repeating: .empty, count: OfferStage.allCases.count)
            for (stage, histogram) in histograms {
                known[Int(stage.rawValue)] = known[Int(stage.rawValue)].merged(with: CompactHistogram(histogram))
            }
            stages[wave] = known
        }
    }

    /// The waves that reached an agent, in the order in which they began.
    func summaries(_ waves: [Wave], start: Instant) -> [WaveSummary] {
        var labels: [String: Int] = [:]
        return waves.enumerated().compactMap { index, wave in
            guard let stages = stages[UInt16(index)] else { return nil }
            var named = wave
            labels[wave.label, default: 0] += 1
            if let number = labels[wave.label], number > 1 { named.label += " (\(number))" }
            return WaveSummary(wave: named, start: wave.origin - start, stages: stages)
        }
    }
}

extension TaggedHistogram {
    /// The times of the waves' stages.
    static func waves(_ summaries: [WaveSummary], length: Nanoseconds) -> [TaggedHistogram] {
        summaries.flatMap { summary in
            OfferStage.allCases.compactMap { stage in
                guard summary.count(stage) > 0 else { return nil }
                return TaggedHistogram(
                    tag: summary.tag(stage), start: max(summary.start, .zero),
                    length: max(length - summary.start, .zero), histogram: summary[stage])
            }
        }
    }
}
