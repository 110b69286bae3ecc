public import Basis
public import Foundation
public import Statistics

/// The result of `muster find-limit`, for people and programs. Within one schema version keys are only ever added.
public struct LimitDocument: Codable, Hashable, Sendable {
    public var schema = "muster/limit"
    public var schemaVersion = 1
    /// `agents` or `rate`.
    public var load: String
    public var goal: String
    public var trialSeconds: Double
    /// `narrow`, `trials_used_up`, `no_limit_found` or `tool_bound`.
    public var ending: String
    /// Half of the trials pass at it; absent where only a lower bound is known.
    public var limit: Double?
    /// The 95 % interval.
    public var low: Double?
    public var high: Double?
    /// The highest load at which a trial has passed.
    public var highestPassed: Double?
    public var seconds: Double
    public var trials: [Trial]
    /// What follows from the limit, each sentence with the figures that it follows from; nil: nothing does.
    public var advice: [String]?
    /// What the trials' throughput says about the server; nil: they are too few for it.
    public var scalability: Scalability?

    public struct Trial: Codable, Hashable, Sendable {
        /// From 1.
        public var number: Int
        public var load: Double
        public var seconds: Double
        /// `passed`, `failed` or `not_decided`.
        public var outcome = ""
        public var figure = ""
        /// The figure as a number: of times nanoseconds, of shares 0...1; absent where there is none.
        public var value: Double?
        /// Messages of the server a second, in the part of the trial that counts; absent where there was none.
        public var throughput: Double?
        /// The messages that were counted for it.
        public var messages: UInt64?

        public init(number: Int, load: Double, seconds: Double) {
            self.number = number
            self.load = load
            self.seconds = seconds
        }
    }

    public init(
        load: String, goal: String, trialSeconds: Double, result: LimitSearch.Result, trials: [Trial], seconds: Double
    ) {
        self.load = load
        self.goal = goal
        self.trialSeconds = trialSeconds
        self.trials = trials
        self.seconds = seconds
        highestPassed = result.highestPassed
        scalability = Scalability(trials)
        switch result.ending {
        case .narrow: ending = "narrow"
        case .trialsUsedUp: ending = "trials_used_up"
        case .noLimitFound: ending = "no_limit_found"
        case .toolBound: ending = "tool_bound"
        }
        guard result.ending == .narrow || result.ending == .trialsUsedUp, result.trials > 0 else { return }
        (limit, low, high) = (result.limit, result.interval.lowerBound, result.interval.upperBound)
    }

    /// Adds what follows for a fleet whose agents all send heartbeats in one interval.
    /// - Parameters:
    ///   - agents: of the profile.
    ///   - interval: of their heartbeats.
    public mutating func advise(agents: Int, interval: Nanoseconds) {
        guard ending == "narrow", let low, agents > 0, interval > .zero else { return }
        let isRate = load == "rate"
        let rate = isRate ? low : low / interval.seconds
        let fleet = isRate ? Double(agents) : low
        guard rate > 0 else { return }
        let needed = fleet / (rate / 2)
        let end = "the lower end of the 95 % interval"
        let beats = "\(Self.text(rate)) heartbeats/s"
        let source =
            isRate
            ? "\(beats), \(end)"
            : "\(Self.text(low)) agents every \(Figures.duration(interval)), \(end), which are \(beats)"
        let least = Figures.duration(Nanoseconds(seconds: needed))
        advice = [
            "With \(Self.text(fleet)) agents, a heartbeat interval of \(least) or more keeps the server at or below "
                + "half its limit: it was found at \(source)."
        ]
    }

    /// `half of the 20 s trials at 9,350 agents keep heartbeat.response.p99 < 100ms; 95 %: 8,950 … 9,800; 24 trials,
    /// 6 min`.
    public var sentence: String {
        let unit = Self.unit(load)
        let end = "\(trials.count) trials, \(Figures.clock(Nanoseconds(seconds: seconds)))"
        guard let limit, let low, let high else {
            let least = highestPassed.map { "at least \(Self.text($0)) \(unit)" } ?? "no load passed"
            let why =
                switch ending {
                case "tool_bound":
                    "beyond that this machine is the limit, not the server: add shards, or another machine"
                case "no_limit_found": "no greater load was to be tried (--to)"
                default: "the search ended before its first full trial"
                }
            return "\(least) keep \(goal); \(why); \(end)"
        }
        let interval = "\(Self.text(low)) … \(Self.text(high))"
        return "half of the \(Figures.decimals(trialSeconds, 0)) s trials at \(Self.text(limit)) \(unit) keep \(goal); "
            + "95 %: \(interval); \(end)" + (ending == "trials_used_up" ? "; the search ended early" : "")
    }

    public static func unit(_ load: String) -> String { load == "rate" ? "heartbeats/s" : "agents" }

    /// Three digits: no more are known.
    public static func text(_ load: Double) -> String {
        guard load >= 1_000 else { return load >= 100 ? Figures.count(Int(load.rounded())) : Figures.threeDigits(load) }
        let load = min(load, 9e15)
        var step = 1.0
        while load / step >= 1_000 { step *= 10 }
        return Figures.count(Int((load / step).rounded() * step))
    }

    public func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self) + Data("\n".utf8)
    }
}
