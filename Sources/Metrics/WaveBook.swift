import Basis

/// The collector's side of the waves: their histograms, kept compact.
struct WaveBook {
    private var stages: [UInt16: [CompactHistogram]] = [:]

    mutating func add(_ samples: [WaveSample]) {
        guard !samples.isEmpty else { return }
        var fresh: [UInt16: [WaveStage: LatencyHistogram]] = [:]
        for sample in samples {
            _ = fresh[sample.wave, default: [:]][sample.stage, default: LatencyHistogram()].record(sample.span)
        }
        for (wave, histograms) in fresh {
            var known = stages[wave] ?? [CompactHistogram](repeating: .empty, count: WaveStage.allCases.count)
            for (stage, histogram) in histograms {
                known[stage.rawValue] = known[stage.rawValue].merged(with: CompactHistogram(histogram))
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
            WaveStage.allCases.compactMap { stage in
                guard summary.count(stage) > 0 else { return nil }
                let label = summary.wave.label.replacing(" ", with: "_").replacing(",", with: "_")
                return TaggedHistogram(
                    tag: "wave/\(label)/\(stage.name)", start: max(summary.start, .zero),
                    length: max(length - summary.start, .zero), histogram: summary[stage])
            }
        }
    }
}
