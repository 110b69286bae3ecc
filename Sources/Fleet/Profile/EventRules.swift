import Basis

/// What has to hold between a profile's events and the rest of it.
enum EventRules {
    /// Everything in which the events contradict the profile or each other; the errors carry no places.
    static func contradictions(in profile: Profile) -> [ProfileError] {
        abilityContradictions(in: profile) + withdrawalContradictions(in: profile)
            + sizeContradictions(in: profile) + PackageRules.contradictions(in: profile)
    }

    private static func complaint(_ index: Int, _ action: TimedEvent.Action, _ what: String) -> ProfileError {
        ProfileError(.contradiction(what), path: "events[\(index)].\(action.key)")
    }

    /// An offer that no agent could take would be a run that shows nothing.
    private static func abilityContradictions(in profile: Profile) -> [ProfileError] {
        let cohorts = profile.cohorts
        return profile.events.enumerated().compactMap { index, event in
            guard !profile.skips(event.action) else { return nil }
            switch event.action {
            case .offerPackages where !cohorts.contains(where: \.packages.accepted):
                return complaint(
                    index, event.action, "no cohort accepts packages; add `packages: {accepted: true}` to one")
            case .offerHeartbeat where !cohorts.contains(where: \.connectionSettings.opamp):
                return complaint(
                    index, event.action,
                    "no cohort accepts connection settings; add `connection_settings: {opamp: true}` to one")
            case .offerConnection(let offer):
                return offer.need(unmetBy: cohorts).map { complaint(index, event.action, $0) }
            case .sendCustom(let word, _)
            where !cohorts.contains(where: { $0.customAbilities.contains(word.ability) }):
                return complaint(
                    index, event.action,
                    "no cohort understands it; add `custom_capabilities: [\(word.ability.rawValue)]` to one")
            default:
                return CertificateEventRules.objection(to: event.action, in: profile)
                    .map { complaint(index, event.action, $0) }
            }
        }
    }

    /// Names are given once, and withdrawn once, later.
    private static func withdrawalContradictions(in profile: Profile) -> [ProfileError] {
        var found: [ProfileError] = []
        var standing: Set<String> = []
        var withdrawn: Set<String> = []
        var counts: [String: Int] = [:]
        for (index, action) in profile.orderedEvents {
            func complain(_ what: String) { found.append(complaint(index, action, what)) }
            switch action {
            case .offerConfig, .offerPackages, .offerConnection:
                counts[action.key, default: 0] += 1
                if counts[action.key] == ProfileBounds.offers + 1 {
                    complain("more than \(ProfileBounds.offers) offers of one kind; take some out")
                }
                guard let name = action.offerName else { continue }
                if !standing.insert("\(action.key) \(name)").inserted {
                    complain("another offer is called '\(name)' too; give each its own name")
                }
            case .withdrawConfig(let name), .withdrawPackages(let name), .withdrawConnection(let name):
                let offer = action.key.replacing("withdraw", with: "offer")
                if !standing.contains("\(offer) \(name)") {
                    complain("no \(offer) before it is called '\(name)'; give one that name")
                } else if !withdrawn.insert("\(offer) \(name)").inserted {
                    complain("'\(name)' has been withdrawn already")
                }
            case .offerHeartbeat:
                counts[action.key, default: 0] += 1
                if counts[action.key] == ProfileBounds.offers + 1 {
                    complain("more than \(ProfileBounds.offers) offers of one kind; take some out")
                }
            case .dropConnections, .restartAgents, .sendCustom, .rotateCertificates, .revokeCertificates:
                break
            }
        }
        return found
    }

    private static func sizeContradictions(in profile: Profile) -> [ProfileError] {
        var found: [ProfileError] = []
        var bytes = 0
        for (index, event) in profile.events.enumerated() {
            switch event.action {
            case .offerPackages(let offer) where offer.packages.count(where: { $0.form == .topLevel }) > 1:
                found.append(
                    complaint(
                        index, event.action, "an agent has one top-level package; make the others `type: addon`"))
            case .offerConfig(let offer):
                let before = bytes
                for case .text(let text) in offer.files.map(\.body) { bytes += YAMLWriter.word(text).utf8.count }
                guard before <= ProfileBounds.configTexts, bytes > ProfileBounds.configTexts else { continue }
                let limit = SizeText.format(ProfileBounds.configTexts)
                found.append(
                    complaint(
                        index, event.action,
                        "the configurations have more than \(limit) of text; for size alone write {size: ...}"))
            default:
                break
            }
        }
        return found
    }
}

extension Profile {
    /// The events in the order of their times, each with its place in the profile.
    var orderedEvents: [(index: Int, action: TimedEvent.Action)] {
        events.enumerated()
            .map { (index: $0.offset, at: $0.element.at.offset(in: duration), action: $0.element.action) }
            .sorted { ($0.at, $0.index) < ($1.at, $1.index) }
            .map { (index: $0.index, action: $0.action) }
    }
}

extension TimedEvent.Action {
    /// The name by which an offer can be withdrawn.
    var offerName: String? {
        switch self {
        case .offerConfig(let offer): offer.name
        case .offerPackages(let offer): offer.name
        case .offerConnection(let offer): offer.name
        default: nil
        }
    }
}

extension ConnectionOffer {
    /// What has to be added to a cohort so that anybody can take the offer; nil where somebody can take each part of it.
    fileprivate func need(unmetBy cohorts: [CohortProfile]) -> String? {
        if opamp != nil, !cohorts.contains(where: \.connectionSettings.opamp) {
            return "no cohort accepts connection settings; add `connection_settings: {opamp: true}` to one"
        }
        if !others.isEmpty, !cohorts.contains(where: \.connectionSettings.other) {
            return "no cohort accepts settings of other connections; add `connection_settings: {other: true}` to one"
        }
        for (signal, destination) in [
            (OwnTelemetryProfile.Signal.metrics, ownMetrics), (.traces, ownTraces), (.logs, ownLogs),
        ] {
            guard destination != nil, !cohorts.contains(where: { $0.ownTelemetry.signals.contains(signal) }) else {
                continue
            }
            let word = signal.rawValue
            return "no cohort reports its own \(word); add `own_telemetry: {signals: [\(word)]}` to one"
        }
        return nil
    }
}
