import Basis
import Schema

/// What has to hold between a profile's events and the rest of it.
enum EventRules {
    static let rules: [Rule<Profile>] = [
        // An offer that no agent accepts would be a run that shows nothing.
        Rule { profile, check in
            for (event, check) in check.each(\.events, in: profile) where !profile.skips(event.action) {
                if let need = event.action.need(unmetIn: profile) { check.contradiction(at: event.action.key, need) }
            }
        },
        Rule(judgeNames),
        Rule { profile, check in
            var bytes = 0
            for (event, check) in check.each(\.events, in: profile) {
                switch event.action {
                case .offerPackages(let offer) where offer.packages.count(where: { $0.form == .topLevel }) > 1:
                    check.contradiction(
                        at: event.action.key, "an agent has one top-level package; make the others `type: addon`")
                case .offerConfig(let offer):
                    let before = bytes
                    for case .text(let text) in offer.files.map(\.body) { bytes += Tree.text(text).flow.utf8.count }
                    guard before <= maxTexts, bytes > maxTexts else { continue }
                    check.contradiction(
                        at: event.action.key,
                        "the configurations have more than \(SizeText.format(maxTexts)) of text; for size alone write "
                            + "{size: ...}")
                default: continue
                }
            }
        },
    ]

    /// The texts of all offered files as they are in the resolved profile: half of what a profile may have.
    private static let maxTexts = 128 << 10

    /// Offers of one kind: the server remembers 64, and is to forget none of them.
    private static let maxOffers = 60

    /// Names are given once, and withdrawn once, later.
    @Sendable private static func judgeNames(_ profile: Profile, _ check: Check<Profile>) {
        var (offered, withdrawn): (Set<String>, Set<String>) = ([], [])
        var counts: [String: Int] = [:]
        let checks = check.each(\.events, in: profile).map(\.check)
        for (index, action) in profile.orderedEvents where checks.indices.contains(index) {
            let check = checks[index]
            func report(_ what: String) { check.contradiction(at: action.key, what) }
            if let name = action.withdrawnName {
                let offer = action.key.replacing("withdraw", with: "offer")
                if !offered.contains("\(offer) \(name)") {
                    report("no \(offer) before it is called '\(name)'; give one that name")
                } else if !withdrawn.insert("\(offer) \(name)").inserted {
                    report("'\(name)' has been withdrawn already")
                }
            } else if action.key.hasPrefix("offer_") {
                // A heartbeat interval is offered as connection settings: a server remembers both together.
                let kind = action.key == "offer_heartbeat" ? "offer_connection" : action.key
                counts[kind, default: 0] += 1
                if counts[kind] == maxOffers + 1 {
                    report("more than \(maxOffers) offers of one kind; remove some")
                }
                if let name = action.offerName, !offered.insert("\(action.key) \(name)").inserted {
                    report("another offer is called '\(name)' too; give each its own name")
                }
            }
        }
    }
}

extension Profile {
    /// The events in the order of their times, each with its place in the profile; those that wait for something come
    /// last.
    var orderedEvents: [(index: Int, action: TimedEvent.Action)] {
        events.enumerated()
            .map { (index: $0.offset, at: $0.element.offset(in: duration), action: $0.element.action) }
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

    /// The name of the offer that it withdraws.
    fileprivate var withdrawnName: String? {
        switch self {
        case .withdrawConfig(let name), .withdrawPackages(let name), .withdrawConnection(let name): name
        default: nil
        }
    }

    /// What has to be added to the profile so that the event can affect an agent; nil where it can.
    fileprivate func need(unmetIn profile: Profile) -> String? {
        let cohorts = profile.cohorts
        let acceptsSettings = cohorts.contains(where: \.connectionSettings.opamp)
        let settings = "no cohort accepts connection settings; add `connection_settings: {opamp: true}` to one"
        switch self {
        case .offerPackages where !cohorts.contains(where: \.packages.accepted):
            return "no cohort accepts packages; add `packages: {accepted: true}` to one"
        case .offerHeartbeat where !acceptsSettings: return settings
        case .offerConnection(let offer):
            return offer.opamp != nil && !acceptsSettings ? settings : offer.need(unmetBy: cohorts)
        case .sendCustom(let word, _) where !cohorts.contains(where: { $0.customAbilities.contains(word.ability) }):
            return "no cohort understands it; add `custom_capabilities: [\(word.ability.rawValue)]` to one"
        case .rotateCertificates where profile.serverTLS == nil:
            return "the server issues certificates only over TLS; add `server: {embedded: {tls: {}}}`"
        case .rotateCertificates where !acceptsSettings: return settings
        case .revokeCertificates:
            guard let tls = profile.serverTLS, tls.clientCertificates != .none else {
                return
                    "the server asks for no certificates; add `client_certificates: require` to `server.embedded.tls`"
            }
            return tls.clientAuthorities == nil
                ? nil : "with `client_ca` there are authorities whose certificates this server cannot revoke; remove it"
        default: return nil
        }
    }
}

extension ConnectionOffer {
    /// What has to be added to a cohort so that an agent can use each part of the offer but `opamp`; nil where some
    /// can.
    fileprivate func need(unmetBy cohorts: [CohortProfile]) -> String? {
        if !others.isEmpty, !cohorts.contains(where: \.connectionSettings.other) {
            return "no cohort accepts settings of other connections; add `connection_settings: {other: true}` to one"
        }
        let destinations: [(OwnTelemetryProfile.Signal, Destination?)] = [
            (.metrics, ownMetrics), (.traces, ownTraces), (.logs, ownLogs),
        ]
        for (signal, destination) in destinations where destination != nil {
            if cohorts.contains(where: { $0.ownTelemetry.signals.contains(signal) }) { continue }
            let word = signal.rawValue
            return "no cohort reports its own \(word); add `own_telemetry: {signals: [\(word)]}` to one"
        }
        return nil
    }
}

/// What has to hold between offered packages, the server that has their files, and the agents that fetch them.
enum PackageRules {
    static let rules: [Rule<Profile>] = [
        Rule { profile, check in
            guard case .embedded(let server) = profile.server else { return }
            let fetch = profile.cohorts.contains(where: \.fetchesFiles)
            for (event, check) in check.each(\.events, in: profile) {
                guard case .offerPackages(let offer) = event.action else { continue }
                for package in offer.packages {
                    guard let what = objection(to: package, server, agentsFetch: fetch) else { continue }
                    check.contradiction(at: "offer_packages.packages.\(package.name)", what)
                }
            }
        }
    ]

    private static func objection(
        to package: PackageOffer.Package, _ server: EmbeddedServer, agentsFetch: Bool
    ) -> String? {
        switch package.content {
        case .modelled where agentsFetch:
            return "agents really fetch the file of '\(package.name)', and there is none; "
                + "name a `file` of the server's folder, or write `generated: 2MiB`"
        case .modelled where package.flaw != nil:
            return "`wrong` needs a file that agents fetch; name a `file`, or write `generated: 2MiB`"
        case .file where server.packages.folder == nil:
            return "the server has no folder with the file of '\(package.name)'; "
                + "add `server: {embedded: {packages: {folder: ...}}}`"
        case .generated where package.flaw == .signature || package.flaw == .signer:
            return package.isSigned ? nil : "a signature can only be wrong where there is one; write `signed: true`"
        case .modelled, .file, .generated:
            return nil
        }
    }
}
