internal import Protobuf

/// A page of messages `io.prometheus.client.MetricFamily`, each behind its length.
enum MessagePage {
    static func bytes(_ families: [ExposedFamily]) -> [UInt8] {
        var bytes: [UInt8] = []
        for family in families {
            let message = MetricFamily(family)
            Varint.append(UInt64(message.encodedSize), to: &bytes)
            message.encode(appendingTo: &bytes)
        }
        return bytes
    }
}

extension MetricFamily {
    fileprivate init(_ family: ExposedFamily) {
        let type: MetricType =
            switch family.kind {
            case .counter: .counter
            case .gauge: .gauge
            case .summary: .summary
            case .histogram: .histogram
            }
        self.init(
            name: family.name, help: family.help, type: type,
            metrics: family.samples.map { MetricMessage($0, isGauge: family.kind == .gauge) })
    }
}

extension MetricMessage {
    fileprivate init(_ sample: ExposedFamily.Sample, isGauge: Bool) {
        self.init(labels: sample.labels.map { LabelPair(name: $0.name, value: $0.value) })
        switch sample.value {
        case .number(let number):
            if isGauge { gauge = GaugeMessage(value: number) } else { counter = CounterMessage(value: number) }
        case .summary(let count, let sum, let quantiles):
            summary = SummaryMessage(
                sampleCount: count, sampleSum: sum,
                quantiles: quantiles.map { Quantile(quantile: $0.quantile, value: $0.value) })
        case .distribution(let values):
            histogram = HistogramMessage(values)
        }
    }
}

extension HistogramMessage {
    fileprivate init(_ values: ExposedFamily.Distribution) {
        self.init(sampleCount: values.count, sampleSum: values.sum)
        buckets = values.buckets.map { Bucket(cumulativeCount: $0.cumulative, upperBound: $0.bound) }
        buckets.append(Bucket(cumulativeCount: values.count, upperBound: .infinity))
        guard let native = values.native else { return }
        schema = Self.zigZag(native.schema)
        zeroThreshold = native.zeroThreshold
        zeroCount = native.zeroCount
        // Where the next bucket would be if none were left out, and the count of the one before it.
        var (next, before) = (0, Int64(0))
        for bucket in native.buckets {
            if bucket.index != next || positiveSpans.isEmpty {
                positiveSpans.append(BucketSpan(offset: Self.zigZag(bucket.index - next), length: 0))
            }
            positiveSpans[positiveSpans.count - 1].length += 1
            let count = Int64(clamping: bucket.count)
            let delta = count - before
            Varint.append(UInt64(bitPattern: (delta << 1) ^ (delta >> 63)), to: &positiveDeltas)
            (next, before) = (bucket.index + 1, count)
        }
    }

    private static func zigZag(_ number: Int) -> UInt32 {
        let number = Int32(clamping: number)
        return UInt32(bitPattern: (number << 1) ^ (number >> 31))
    }
}
