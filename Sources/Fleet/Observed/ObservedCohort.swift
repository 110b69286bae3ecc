import AgentModel
import Basis
import Observing
import OpAMP

/// A cohort of a profile from what was seen of its agents. What was not seen stays as it is by default.
struct ObservedCohort {
    let figures: CohortFigures
    let lives: ObservedLives
    /// The keys of the attributes that the user has named.
    let attributes: [String]

    /// - Parameters:
    ///   - name: distinct among the cohorts.
    ///   - isShaped: the number of agents follows a population, so those that leave are made up for by it.
    func profile(named name: String, weight: CohortWeight, isShaped: Bool) -> CohortProfile {
        var cohort = CohortProfile.standard
        cohort.name = name
        cohort.weight = weight
        cohort.identifying = identifying
        cohort.nonIdentifying = nonIdentifying
        cohort.heartbeat = heartbeat
        cohort.report = sizes
        if let reconnect { cohort.reconnect = reconnect }
        if let compression { cohort.wire.compression = compression }
        setCapabilities(of: &cohort)
        setChanges(of: &cohort)
        cohort.lifetime = lives.lifetime
        if lives.lifetime != nil {
            cohort.leave = LeavePlan(mixed: lives.ways, then: isShaped ? .gone : .replaced(.constant(.zero)))
        }
        cohort.connectionAge = lives.connectionAge
        if lives.connectionAge != nil, !lives.connectionEnds.isEmpty { cohort.connectionEnd = lives.connectionEnds }
        return cohort
    }

    // MARK: - What the agents are

    private var identifying: [AttributeTemplate] {
        let key = figures.key
        return [("service.name", key.serviceName), (DescriptionTemplate.versionKey, key.serviceVersion)]
            .compactMap(Self.template)
    }

    private var nonIdentifying: [AttributeTemplate] {
        zip(attributes, figures.key.attributes).compactMap { Self.template(($0, $1)) }
    }

    /// A text that could be taken for a placeholder is left out.
    private static func template(_ attribute: (key: String, text: String)) -> AttributeTemplate? {
        guard !attribute.text.isEmpty, !attribute.text.contains("{{") else { return nil }
        return AttributeTemplate(key: attribute.key, text: attribute.text)
    }

    private func setCapabilities(of cohort: inout CohortProfile) {
        let declared = figures.key.capabilities
        // Agents that have not described themselves say nothing about it.
        guard !declared.isEmpty else { return }
        cohort.packages.accepted = declared.contains(.acceptsPackages)
        cohort.connectionSettings.opamp = declared.contains(.acceptsOpAMPConnectionSettings)
        cohort.connectionSettings.other = declared.contains(.acceptsOtherConnectionSettings)
        cohort.ownTelemetry.signals = OwnTelemetryProfile.Signal.allCases.filter { signal in
            switch signal {
            case .metrics: declared.contains(.reportsOwnMetrics)
            case .traces: declared.contains(.reportsOwnTraces)
            case .logs: declared.contains(.reportsOwnLogs)
            }
        }
    }

    private var sizes: ReportSizes {
        var sizes = ReportSizes()
        let declared = figures.key.capabilities
        if !declared.isEmpty {
            if !declared.contains(.reportsEffectiveConfig) { sizes.effectiveConfigBytes = 0 }
            if !declared.contains(.reportsAvailableComponents) { sizes.availableComponents = 0 }
            if !declared.contains(.reportsHealth) { sizes.healthPipelines = 0 }
        }
        if let bytes = figures.configBytes.quantiles?.median {
            sizes.effectiveConfigBytes = min(Int(bytes.rounded()), ReportSizes.maximumConfigBytes)
        }
        if let count = figures.components.quantiles?.median {
            sizes.availableComponents = min(Int(count.rounded()), ReportSizes.maximumComponents)
        }
        if let count = figures.pipelines.quantiles?.median {
            sizes.healthPipelines = min(Int(count.rounded()), ReportSizes.maximumPipelines)
        }
        return sizes
    }

    // MARK: - When they report

    private var heartbeat: HeartbeatProfile {
        var heartbeat = HeartbeatProfile()
        let declared = figures.key.capabilities
        heartbeat.enabled = declared.isEmpty || declared.contains(.reportsHeartbeat)
        guard figures.heartbeatGaps.count >= Self.fewest, let gaps = figures.heartbeatGaps.quantiles, gaps.median > 0
        else { return heartbeat }
        heartbeat.interval = Self.span(gaps.median, in: .milliseconds(10) ... .days(1))
        // Gaps deviate evenly by up to the jitter.
        let jitter = (gaps[0.95] - gaps[0.05]) / (2 * 0.9 * gaps.median)
        heartbeat.jitter = jitter < 0.02 ? 0 : min((jitter * 100).rounded() / 100, 1)
        heartbeat.phase = phase(gaps.median, jitter: heartbeat.jitter)
        return heartbeat
    }

    private func phase(_ interval: Double, jitter: Double) -> HeartbeatPhase {
        if let first = figures.firstHeartbeats.quantiles, first[0.1] >= 0.9 * (1 - jitter) * interval,
            first[0.9] <= 1.1 * (1 + jitter) * interval
        {
            return .fromConnection
        }
        return (figures.concentration ?? 0) >= 0.8 ? .lockstep : .spread
    }

    // MARK: - How they connect

    /// `nil`: too few reconnects to say.
    private var reconnect: ReconnectPolicy? {
        guard figures.reconnectDelays.count >= Self.fewest, let delays = figures.reconnectDelays.quantiles else {
            return nil
        }
        guard delays[0.9] >= 1 else { return .opampGo }
        let low = Self.span(delays[0.01], in: ReconnectPolicy.delays)
        let high = Self.span(delays[0.99], in: ReconnectPolicy.delays)
        return .longRandomDelay(minimum: low, maximum: max(low, high))
    }

    private var compression: CompressionProfile? {
        var compression = CompressionProfile()
        compression.websocket = figures.connections > 0 && figures.deflating * 2 > figures.connections
        let polls = figures.gzipRequests + figures.zstdRequests
        if figures.polling > 0, polls > 0 {
            compression.requests = figures.gzipRequests >= figures.zstdRequests ? .gzip : .zstd
        }
        guard compression.websocket || compression.requests != .plain else { return nil }
        if let smallest = figures.smallestCompressed {
            compression.threshold = min(smallest, CompressionProfile.standardThreshold)
        }
        return compression
    }

    // MARK: - What changes

    private func setChanges(of cohort: inout CohortProfile) {
        if figures.flapping > 0, figures.flapping * 100 >= figures.agents,
            let up = Self.distribution(figures.healthyTimes), let down = Self.distribution(figures.unhealthyTimes)
        {
            let share = (Double(figures.flapping) / Double(max(figures.agents, 1)) * 1_000).rounded() / 1_000
            cohort.health.healthFaults = [
                HealthProfile.HealthFault(.flapping(up: up, down: down), share: min(share, 1))
            ]
            let shortest = min(up.mean, down.mean).scaled(by: 0.25)
            cohort.health.checkInterval = min(max(shortest, .milliseconds(100)), .seconds(10))
            cohort.health.checkTimeout = min(cohort.health.checkTimeout, cohort.health.checkInterval)
            cohort.health.failureThreshold = 1
        }
        let outcomes = figures.applyTimes.count
        guard outcomes >= Self.fewest, let times = Self.distribution(figures.applyTimes) else { return }
        cohort.remoteConfig.applyTime = times
        cohort.remoteConfig.failureOdds = (Double(figures.configsFailed) / Double(outcomes) * 1_000).rounded() / 1_000
    }

    private static func distribution(_ spans: Reservoir<Double>) -> Distribution? {
        SpanFit(spans.kept.map { SpanFit.Life(span: $0, weight: 1, hasEnded: true) }).distribution
    }

    private static func span(_ seconds: Double, in range: ClosedRange<Nanoseconds>) -> Nanoseconds {
        let span = Nanoseconds.milliseconds(Int64(min(max(seconds, 0) * 1_000, 9e12).rounded()))
        return min(max(span, range.lowerBound), range.upperBound)
    }

    /// Fewer values than these say nothing.
    private static let fewest = 5
}
