import AgentModel
import Basis
import OpAMP
public import Schema

extension HealthProfile: Settings {
    public static let standard = HealthProfile()

    public static let schema = Schema<HealthProfile>(
        "health", "The health of a cohort's agents, and how it is checked.",
        [
            Key(
                "check_interval", \.checkInterval, .duration(.milliseconds(100) ... .days(1)),
                "The time between the starts of two health checks."),
            Key(
                "check_timeout", \.checkTimeout, .duration(.zero ... .hours(1)),
                "The time limit of a check; at most the interval."),
            Key(
                "failure_threshold", \.failureThreshold, .integer(1...100),
                "How many checks in a row must fail before it is reported; recovery is reported at once."),
            Key(
                "faults", \.healthFaults, .list("health faults", 0...16, of: .section), "The health faults.",
                was: "afflictions"),
        ],
        rules: [
            Rule { health, check in
                guard health.checkTimeout > health.checkInterval else { return }
                let interval = DurationText.format(health.checkInterval)
                check.contradiction(
                    \.checkTimeout, "the timeout of a check is at most the interval, which is \(interval)")
            }
        ],
        completing: { health, given in
            if !given(\.checkTimeout) { health.checkTimeout = min(health.checkTimeout, health.checkInterval) }
        })
}

extension HealthProfile.HealthFault: Settings {
    public static let standard = HealthProfile.HealthFault(.suddenDeath(after: .constant(.zero)))

    public static let schema = Schema<HealthProfile.HealthFault>(
        "health fault", "A health fault of a share of the agents.",
        [
            .oneOf(\.cause, "a health fault", Cause.kind),
            Key("zone", \.zone, .optional(.text(1...1_000)), "Only agents of that zone."),
            Key("version", \.version, .optional(.text(1...1_000)), "Only agents while they run that version."),
            Key("share", \.share, .share, "The share of the cohort's agents, drawn from the seed."),
            Key(
                "hangs", \.hangs, .boolean,
                "Whether checks of unhealthy components last until the timeout instead of failing at once."),
        ],
        rules: [
            Rule { fault, check in
                guard check.isGiven("outage") else { return }
                for key in ["zone", "version"] where check.isGiven(key) && check.isGiven("outage.\(key)") {
                    check.contradiction(
                        at: "outage.\(key)", "'\(key)' is given beside 'outage' too; remove one of the two")
                }
                // One that comes with a version lasts as long as agents run that, unless it says otherwise.
                let hasVersion = fault.version != nil
                if !check.isGiven("outage.from"), !hasVersion || check.isGiven("outage.for") {
                    check.contradiction(at: "outage.from", "the key 'from' is missing")
                }
                if !check.isGiven("outage.for"), !hasVersion {
                    check.contradiction(at: "outage.for", "the key 'for' is missing")
                }
            }
        ])

    /// The course as it is written: an outage may have zone and version with it.
    struct Cause: Hashable, Sendable {
        var course: HealthProfile.Course
        var zone: String?
        var version: String?

        static let kind = Kind<Cause>.oneOf { forms in
            let times = Distribution.kind(.zero ... .days(31))
            let flapping = forms.key(
                "flapping", Kind<Flapping>.section, "One component is up for a while, down for a while, and so on."
            ) { Cause(course: .flapping(up: $0.up, down: $0.down)) }
            let decay = forms.key("decay", times, "One component after another fails and does not recover.") {
                Cause(course: .decay(each: $0))
            }
            let death = forms.key("sudden_death", times, "The collector's process ends and is not restarted.") {
                Cause(course: .suddenDeath(after: $0))
            }
            let outage = forms.key(
                "outage", Kind<Outage>.section, "All of them are unhealthy together, from a time of the run."
            ) {
                Cause(
                    course: .outage(from: $0.from ?? .share(0), length: $0.length), zone: $0.zone, version: $0.version)
            }
            return { value in
                switch value.course {
                case .flapping(let up, let down): flapping(Flapping(up: up, down: down))
                case .decay(let each): decay(each)
                case .suddenDeath(let after): death(after)
                case .outage(let from, let length): outage(Outage(from: from, length: length))
                }
            }
        }
    }

    var cause: Cause {
        get { Cause(course: course) }
        set {
            course = newValue.course
            zone = newValue.zone ?? zone
            version = newValue.version ?? version
        }
    }

    struct Flapping: Settings {
        var up = Distribution.constant(.zero)
        var down = Distribution.constant(.zero)

        static let standard = Flapping()
        static let schema = Schema<Flapping>(
            "flapping", "One component is up for a while, down for a while, and so on.",
            [
                Key("up", \.up, Distribution.kind(.zero ... .days(31)), "How long it is up.", required: true),
                Key("down", \.down, Distribution.kind(.zero ... .days(31)), "How long it is down.", required: true),
            ])
    }

    struct Outage: Settings {
        var from: RunTime?
        var length: Nanoseconds?
        var zone: String?
        var version: String?

        static let standard = Outage()
        static let schema = Schema<Outage>(
            "outage", "All of them are unhealthy together, from a time of the run.",
            [
                Key(
                    "from", \.from, .optional(RunTime.kind),
                    "When it begins; with a version, counted from when they run it."),
                Key(
                    "for", \.length, .optional(.duration(.zero ... .days(31))),
                    "How long it lasts; with a version, by default as long as they run it."),
                Key("zone", \.zone, .optional(.text(1...1_000)), "As beside `outage`."),
                Key("version", \.version, .optional(.text(1...1_000)), "As beside `outage`."),
            ])
    }
}

/// What has to hold between health faults and the rest of a profile: one that can strike no agent is a mistake.
enum HealthRules {
    static let rules: [Rule<Profile>] = [
        Rule { profile, check in
            for (cohort, check) in check.each(\.cohorts, in: profile) {
                for (fault, check) in check.each(\.health.healthFaults, in: cohort) {
                    judge(fault, of: cohort, in: profile, check)
                }
            }
        }
    ]

    private static func judge(
        _ fault: HealthProfile.HealthFault, of cohort: CohortProfile, in profile: Profile,
        _ check: Check<HealthProfile.HealthFault>
    ) {
        if case .outage(let from, _) = fault.course, from.offset(in: profile.duration) >= profile.duration {
            check.contradiction(at: "outage.from", from.overdue(in: profile.duration))
        }
        if let zone = fault.zone, !cohort.zones.contains(zone) {
            let place = check.isGiven("outage.zone") ? "outage.zone" : "zone"
            check.contradiction(
                at: place, "no agent is in '\(zone)'; the cohort's zones are \(listed(cohort.zones))")
        }
        if let version = fault.version, let versions = profile.versions(of: cohort), !versions.contains(version) {
            check.contradiction(
                at: check.isGiven("outage.version") ? "outage.version" : "version",
                "no agent ever runs '\(version)'; the versions that the cohort starts with or is offered are "
                    + "\(listed(versions)); add `offer_packages` for it, or correct it")
        }
    }

    private static func listed(_ words: [String]) -> String {
        words.prefix(10).joined(separator: ", ") + (words.count > 10 ? ", …" : "")
    }
}

extension CohortProfile {
    /// The version that its agents start with (`service.version`); nil where each may have another.
    var startingVersion: String? {
        guard let attribute = identifying.first(where: { $0.key == DescriptionTemplate.versionKey }) else {
            return packages.plan.installed.first { $0.type == .topLevel }?.version
                ?? DescriptionTemplate.collectorVersion
        }
        return attribute.text.contains("{{") ? nil : attribute.text
    }
}

extension Profile {
    /// All versions that agents of the cohort run at some time, in the order in which they are offered; nil where that
    /// cannot be known.
    fileprivate func versions(of cohort: CohortProfile) -> [String]? {
        guard case .embedded = server, let first = cohort.startingVersion else { return nil }
        var versions = [first]
        guard cohort.packages.accepted else { return versions }
        for event in events {
            guard case .offerPackages(let offer) = event.action else { continue }
            for package in offer.packages where package.form == .topLevel && !versions.contains(package.version) {
                versions.append(package.version)
            }
        }
        return versions
    }
}
