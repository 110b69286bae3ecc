public import Basis

/// What the command line changes of a profile. Nil leaves the profile's value.
public struct ProfileOverrides: Hashable, Sendable {
    public var agents: Int?
    public var seed: UInt64?
    /// Takes the place of the embedded server and of all that the profile says of it.
    public var server: ServerURL?
    public var duration: Nanoseconds?
    public var drain: Nanoseconds?
    public var arrival: Arrival?
    /// Of every cohort.
    public var heartbeatInterval: Nanoseconds?
    public var shards: Int?
    public var sources: [String]?
    public var connectTimeout: Nanoseconds?
    public var answerTimeout: Nanoseconds?
    /// Of every cohort.
    public var compression: CompressionProfile?
    /// Added to the profile's, and in place of those of the same name, the cohorts' too.
    public var headers: [HeaderProfile] = []
    /// In place of the profile's, the cohorts' too.
    public var auth: AuthProfile?
    /// Where the profile has no credentials of its own.
    public var fallbackAuth: AuthProfile?
    /// Of every cohort.
    public var proxy: ServerURL?
    public var tls = TLSOverrides()

    public init() {}
}

extension ProfileOverrides {
    /// Puts what concerns the connections in place of the profile's own.
    fileprivate func applyWire(to profile: inout Profile, _ problems: ProblemList) {
        if let compression {
            profile.wire.compression = compression
            for index in profile.cohorts.indices { profile.cohorts[index].wire.compression = nil }
        }
        for header in headers {
            if let complaint = WireRules.complaint(about: header, isOption: true) {
                problems.add(complaint, path: "--header", place: nil)
            }
            profile.wire.headers.removeAll { $0.name.lowercased() == header.name.lowercased() }
            profile.wire.headers.append(header)
            for index in profile.cohorts.indices {
                profile.cohorts[index].wire.headers.removeAll { $0.name.lowercased() == header.name.lowercased() }
            }
        }
        if !ProfileBounds.headers.contains(profile.wire.headers.count) {
            let allowed = "allowed are \(ProfileBounds.headers.upperBound)"
            problems.add(
                .outOfRange(found: "\(profile.wire.headers.count) headers", allowed: allowed), path: "--header",
                place: nil)
        }
        profile.wire.auth = auth ?? profile.wire.auth ?? fallbackAuth
        if auth != nil {
            for index in profile.cohorts.indices { profile.cohorts[index].wire.auth = nil }
        }
        if let proxy {
            // Another proxy has other credentials.
            profile.wire.proxy = ProxyProfile(url: proxy)
            for index in profile.cohorts.indices { profile.cohorts[index].wire.proxy = nil }
        }
    }
}

extension Profile {
    /// The profile with `overrides` in place of its own values, held to the same rules.
    /// - Throws: every override out of bounds under its option's name, and every contradiction that arose.
    public func applying(_ overrides: ProfileOverrides) throws(ProfileErrors) -> Profile {
        var profile = self
        let problems = ProblemList()
        func take<Value: Comparable>(
            _ value: Value?, _ range: ClosedRange<Value>, _ option: String, _ text: (Value) -> String,
            _ set: (Value) -> Void
        ) {
            guard let value else { return }
            guard range.contains(value) else {
                let allowed = "allowed is \(text(range.lowerBound)) to \(text(range.upperBound))"
                return problems.add(.outOfRange(found: text(value), allowed: allowed), path: option, place: nil)
            }
            set(value)
        }
        let number = { (value: Int) in "\(value)" }
        let span = DurationText.format
        take(overrides.agents, ProfileBounds.agents, "--agents", number) { profile.agents = $0 }
        take(overrides.shards, ProfileBounds.shards, "--shards", number) { profile.shards = $0 }
        take(overrides.duration, ProfileBounds.duration, "--duration", span) { profile.duration = $0 }
        take(overrides.drain, ProfileBounds.drain, "--drain", span) { profile.drain = $0 }
        take(overrides.connectTimeout, ProfileBounds.timeout, "--connect-timeout", span) {
            profile.limits.connectTimeout = $0
        }
        take(overrides.answerTimeout, ProfileBounds.timeout, "--answer-timeout", span) {
            profile.limits.answerTimeout = $0
        }
        take(overrides.heartbeatInterval, ProfileBounds.heartbeatInterval, "--heartbeat", span) { interval in
            for index in profile.cohorts.indices { profile.cohorts[index].heartbeat.interval = interval }
        }
        if let seed = overrides.seed { profile.seed = seed }
        if let server = overrides.server { profile.server = .url(server) }
        profile.take(overrides.tls, problems)
        if let arrival = overrides.arrival { profile.arrival = arrival }
        if let sources = overrides.sources {
            profile.sources = sources
            for source in sources where !IPLiteral.isAddress(source) {
                let wanted = "an IPv4 or IPv6 address of this machine, such as 127.0.0.2"
                problems.add(.badValue(found: source, wanted: wanted, suggestion: nil), path: "--source", place: nil)
            }
            if !ProfileBounds.sources.contains(sources.count) {
                let allowed = "allowed are up to \(ProfileBounds.sources.upperBound)"
                problems.add(
                    .outOfRange(found: "\(sources.count) addresses", allowed: allowed), path: "--source", place: nil)
            }
        }
        overrides.applyWire(to: &profile, problems)
        if problems.isEmpty {
            for problem in ProfileRules.contradictions(in: profile) {
                problems.add(problem.kind, path: problem.path, place: nil)
            }
        }
        try problems.throwAny(source: "\(name) with the command line's options")
        return profile
    }
}
