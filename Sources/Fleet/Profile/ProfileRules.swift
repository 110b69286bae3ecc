import Basis

/// What has to hold between the values of a profile, wherever they came from.
enum ProfileRules {
    /// Letters, digits, `-`, `_` and `.`, beginning with a letter or digit.
    static func isName(_ text: String) -> Bool {
        let isEdge = { (byte: UInt8) in
            NumberText.isDigit(byte) || (65...90).contains(byte) || (97...122).contains(byte)
        }
        guard let first = text.utf8.first, isEdge(first) else { return false }
        return text.utf8.allSatisfy {
            isEdge($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".")
        }
    }

    /// Everything in which the profile contradicts itself; the errors carry no places.
    static func contradictions(in profile: Profile) -> [ProfileError] {
        var found: [ProfileError] = []
        func complain(_ path: String, _ what: String) { found.append(ProfileError(.contradiction(what), path: path)) }

        var names: Set<String> = []
        for (index, cohort) in profile.cohorts.enumerated() where !names.insert(cohort.name).inserted {
            complain("cohorts[\(index)].name", "another cohort is called '\(cohort.name)' too; give each its own name")
        }
        if CohortShares(profile.cohorts.map(\.weight)) == nil {
            complain(
                "cohorts",
                "the weights are too fine to deal out exactly; use smaller or rounder numbers, such as 1, 2 or 0.5")
        }
        if profile.isPolling {
            for (index, cohort) in profile.cohorts.enumerated() where cohort.gatewayMembers > 0 {
                complain(
                    "cohorts[\(index)].gateway",
                    "agents behind a gateway share a WebSocket, and over plain HTTP there is none; write ws://")
            }
        }
        found += wireContradictions(in: profile)
        let length = DurationText.format(profile.duration)
        for (path, time) in times(in: profile) where time.offset(in: profile.duration) >= profile.duration {
            let at = DurationText.format(time.offset(in: profile.duration))
            complain(path, "at \(at) the run of \(length) is over; move it, or write a share of the run such as 50%")
        }
        found += HealthRules.contradictions(in: profile)
        found += TLSRules.contradictions(in: profile)
        found += EventRules.contradictions(in: profile)
        found += arrivalContradictions(in: profile)
        return found
    }

    private static func wireContradictions(in profile: Profile) -> [ProfileError] {
        var found: [ProfileError] = []
        func complain(_ path: String, _ what: String) { found.append(ProfileError(.contradiction(what), path: path)) }
        judge(profile.wire, at: "", complain)
        for (index, cohort) in profile.cohorts.enumerated() where cohort.wire != CohortWire() {
            let wire = profile.wire(of: cohort)
            judge(wire, at: "cohorts[\(index)].", complain)
            if !ProfileBounds.headers.contains(wire.headers.count) {
                complain(
                    "cohorts[\(index)].headers",
                    "with the fleet's they are \(wire.headers.count), allowed are \(ProfileBounds.headers.upperBound)")
            }
        }
        return found
    }

    /// - Parameter place: the way to the keys: nothing at the profile's top.
    private static func judge(
        _ wire: WireProfile, at place: String, _ complain: (_ path: String, _ what: String) -> Void
    ) {
        if let level = wire.compression.level, level > 9,
            wire.compression.requests != .zstd || wire.compression.websocket
        {
            complain(
                place + "compression.level",
                "zlib's levels end at 9; more than that only zstd has, for requests alone")
        }
        if wire.auth != nil, wire.headers.contains(where: { $0.name.lowercased() == "authorization" }) {
            complain(place + "auth", "there is a header 'Authorization' besides; take one of the two out")
        }
        if let proxy = wire.proxy, proxy.auth != nil,
            proxy.headers.contains(where: { $0.name.lowercased() == "proxy-authorization" })
        {
            complain(place + "proxy.auth", "there is a header 'Proxy-Authorization' besides; take one of the two out")
        }
    }

    /// All times of the run that the profile names, with the way to each.
    private static func times(in profile: Profile) -> [(path: String, time: RunTime)] {
        var times = profile.events.enumerated().map { ("events[\($0.offset)].at", $0.element.at) }
        if case .embedded(let server) = profile.server {
            times += server.pauses.enumerated().map { ("server.embedded.pauses[\($0.offset)].at", $0.element.at) }
        }
        for (index, cohort) in profile.cohorts.enumerated() {
            for (number, healthFault) in cohort.health.healthFaults.enumerated() {
                guard case .outage(let from, _) = healthFault.course else { continue }
                times.append(("cohorts[\(index)].health.afflictions[\(number)].outage.from", from))
            }
        }
        return times
    }

    private static func arrivalContradictions(in profile: Profile) -> [ProfileError] {
        var found: [ProfileError] = []
        func complain(_ path: String, _ what: String) { found.append(ProfileError(.contradiction(what), path: path)) }
        if case .stages(let stages) = profile.arrival {
            if stages.isEmpty { complain("arrival.stages", "there are no stages") }
            var highest = 0
            for (index, stage) in stages.enumerated() {
                guard case .population(let target, _) = stage else { continue }
                let count = target.count(of: profile.agents)
                if count < highest {
                    complain(
                        "arrival.stages[\(index)].population",
                        "\(count) is less than the \(highest) of a stage before; agents arrive, they do not leave")
                }
                highest = max(highest, count)
            }
        }
        let schedule = ArrivalSchedule(profile)
        if schedule.shortfall > 0 {
            complain(
                "arrival.stages",
                "\(schedule.shortfall) of the \(profile.agents) agents never arrive; end with `population: 100%` or with a rate"
            )
        } else if found.isEmpty, schedule.end > profile.duration {
            let (end, length) = (schedule.end.description, DurationText.format(profile.duration))
            complain(
                "arrival",
                "the last agent arrives after \(end), but the run lasts \(length); lengthen the run or let them come faster"
            )
        }
        return found
    }

    /// What is wrong with the text of an attribute; nil where nothing is.
    static func complaint(about attribute: AttributeTemplate) -> ProfileError.Kind? {
        do {
            try TemplateWord.check(attribute.text)
            return nil
        } catch {
            switch error {
            case .unclosed:
                return .badValue(found: attribute.text, wanted: "a '}}' after '{{'", suggestion: nil)
            case .unknown(let word):
                let words = TemplateWord.allCases.map(\.rawValue)
                let nearest = Suggestion.nearest(to: word, among: words).map { "{{\($0)}}" }
                let wanted = words.map { "{{\($0)}}" }.joined(separator: ", ")
                return .badValue(found: "{{\(word)}}", wanted: wanted, suggestion: nearest)
            }
        }
    }
}
