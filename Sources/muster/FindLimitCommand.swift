import ArgumentParser
import Basis
import Fleet
import Foundation
import Metrics
import Report
import Schema
import Statistics

/// `muster find-limit`: the load at which half of the trials keep a limit.
struct FindLimitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "find-limit", abstract: "Find the load at which half of the trials keep a threshold.",
        discussion: """
            Trials of the profile at changing loads, without its events; the next load is the one that says most. \
            It ends when the 95 % interval is narrow enough. Exit codes: 0 found, or a lower bound is known; \
            1 the trials could not be made; 4 the interval is wider than --width.
            """)

    @OptionGroup var options: ProfileOptions

    @Option(name: .customLong("of"), help: "What is changed: agents, or rate (heartbeats a second).")
    var loadWord = LoadWord.agents

    @Option(
        name: .customLong("until"),
        help: ArgumentHelp("The threshold: 'heartbeat.response.p99 < 100ms'.", valueName: "threshold"))
    var goal: String

    @Option(name: .customLong("trial"), help: "How long a trial counts: 20s.")
    var length = "20s"

    @Option(name: .customLong("settle"), help: "Uncounted, after the arrival of the last agent: 3s.")
    var settling = "3s"

    @Option(help: "The width of the 95 % interval at which the search ends: 10%.")
    var width = "10%"

    @Option(help: "The load to begin with (default: a twentieth of the profile's).")
    var from: Double?

    @Option(help: "The greatest load to try (default: none; the search begins below five times the profile's).")
    var to: Double?

    @Option(help: "End after this time, with the width reached: 10m.")
    var budget: String?

    @Option(help: ArgumentHelp("Also write the result and every trial as JSON to this file.", valueName: "file"))
    var json: String?

    @Option(help: ArgumentHelp("Also write the result as a page (HTML) to this file.", valueName: "file"))
    var html: String?

    enum LoadWord: String, ExpressibleByArgument, CaseIterable {
        case agents, rate
    }

    private var load: LimitTrials.Load { loadWord == .agents ? .agents : .rate }

    func run() async throws {
        let profile = try options.resolve()
        let goal = try parsedGoal()
        let trials = LimitTrials(
            profile, load, until: goal, length: try duration("--trial", length, .seconds(1) ... .seconds(3_600)),
            settling: try duration("--settle", settling, .zero ... .seconds(3_600)))
        var search = LimitSearch(try settings(trials))
        let deadline = try budget.map { ProcessInfo.processInfo.systemUptime + (try duration("--budget", $0)).seconds }
        let started = Date()
        let holder = RunHolder()
        let interruptions = Interruptions { await holder.interrupt() }
        var log: [LimitDocument.Trial] = []
        while case .trial(let wanted, let isShort) = search.next {
            let trial = trials.trial(at: wanted, isShort: isShort)
            let made = try await perform(trial, number: log.count + 1, holder)
            if await holder.isInterrupted { break }
            log.append(made.line)
            Output.standard.show(text(of: made.line) + "\n")
            search.record(made.outcome, load: trial.load)
            if let deadline, ProcessInfo.processInfo.systemUptime > deadline { search.finish() }
        }
        search.finish()
        interruptions.stop()
        guard case .finished(let result) = search.next else { return }
        var document = LimitDocument(
            load: load.rawValue, goal: goal.text, trialSeconds: trials.length.seconds, result: result, trials: log,
            seconds: Date().timeIntervalSince(started))
        if let interval = profile.onlyHeartbeatInterval { document.advise(agents: profile.agents, interval: interval) }
        print(document.sentence)
        print(document.kneeSentence)
        for sentence in document.advice ?? [] { print(sentence) }
        if let json { try write(try document.json(), to: json) }
        if let html { try write(Data(LimitPage.html(document, goal: goal).utf8), to: html) }
        if await holder.isInterrupted { throw ExitStatus.interrupted }
        if case .trialsUsedUp = result.ending { throw ExitStatus.thresholdNotDecided }
    }

    private func parsedGoal() throws -> Threshold {
        let threshold: Threshold
        do throws(Problem.Kind) { threshold = try ThresholdParser.parse(goal) } catch {
            throw Failure(.badUsage, "--until: \(Problem(error).message)")
        }
        guard threshold.scope == .run, threshold.span == .whole, threshold.abortAfter == nil,
            threshold.metric.hasWindows
        else {
            throw Failure(.badUsage, "--until: a figure, a relation and a limit, without further clauses")
        }
        return threshold
    }

    private func settings(_ trials: LimitTrials) throws -> LimitSearch.Settings {
        let high = to ?? trials.profileLoad * Self.highFactor
        let low = from ?? min(max(trials.profileLoad / Self.lowDivisor, trials.possible.lowerBound), high / 2)
        guard low > 0, high > low, high.isFinite else {
            throw Failure(.badUsage, "--from and --to: give two loads above 0, the second greater than the first")
        }
        var settings = LimitSearch.Settings(low: low, high: high)
        settings.isHighFixed = to != nil
        settings.width = try ShareOption.parse("--width", width)
        guard settings.width >= 0.01 else { throw Failure(.badUsage, "--width: at least 1%") }
        return settings
    }

    private static let lowDivisor = 20.0
    private static let highFactor = 5.0

    private func duration(
        _ option: String, _ text: String, _ range: ClosedRange<Nanoseconds> = .seconds(1) ... .seconds(31 * 86_400)
    ) throws -> Nanoseconds {
        do throws(QuantityProblem) { return try DurationText.parse(text, in: range) } catch {
            throw Failure(.badUsage, "\(option): \(error)")
        }
    }

    private func perform(
        _ trial: LimitTrials.Trial, number: Int, _ holder: RunHolder
    ) async throws -> (outcome: LimitSearch.Trial, line: LimitDocument.Trial) {
        var line = LimitDocument.Trial(number: number, load: trial.load, seconds: trial.length.seconds)
        switch await QuietRun.perform(trial.profile, name: "trial-\(number)", holder) {
        case .refused(let error):
            guard case .tooManyAgents = error, number > 1 else { throw Failure(.runFailed, "\(error)") }
            (line.outcome, line.figure) = ("not_decided", "\(error)")
            return (.notDecided, line)
        case .ran(let record):
            let summary = record.summary
            guard summary.counters[.agentsConnected] > 0 || number > 1 else {
                throw Failure(.runFailed, "the first trial reached no server: \(summary.outcome.reason ?? "")")
            }
            let outcome = summary.thresholds.first
            line.figure = [outcome?.figure ?? "", outcome?.reason ?? ""].filter { !$0.isEmpty }.joined(separator: "; ")
            line.outcome = outcome?.state.rawValue ?? "not_decided"
            line.value = outcome?.value
            let messages = trial.messages(in: record.series)
            if messages.seconds > 0 {
                (line.messages, line.throughput) = (messages.count, Double(messages.count) / messages.seconds)
            }
            switch outcome?.state {
            case .passed?: return (.passed, line)
            case .failed?: return (.failed, line)
            case .notDecided?, nil:
                // A server that answers nobody has failed the trial; the tool has no part in it.
                let isServers = summary.verdict.level != .toolBound && summary.counters[.agentsUnanswered] > 0
                if isServers { line.outcome = "failed" }
                return (isServers ? .failed : .notDecided, line)
            }
        }
    }

    private func text(of trial: LimitDocument.Trial) -> String {
        let state = ThresholdOutcome.State(rawValue: trial.outcome)?.title ?? trial.outcome
        return "trial \(trial.number): \(LimitDocument.text(trial.load)) \(LimitDocument.unit(load.rawValue)) for "
            + "\(Figures.decimals(trial.seconds, 0)) s: \(state)\(trial.figure.isEmpty ? "" : " (\(trial.figure))")"
    }

    private func write(_ data: Data, to path: String) throws {
        do throws(FileError) { try Files.replace(path, with: data) } catch { throw Failure(.runFailed, "\(error)") }
    }
}
