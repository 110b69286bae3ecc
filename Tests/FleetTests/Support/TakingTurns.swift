import Testing

/// Whole runs on real sockets wait for one another: a fleet wants the processors for itself, and a run that is starved
/// by twenty others says so truthfully in its figures.
struct TakingTurns: SuiteTrait, TestTrait, TestScoping {
    let isRecursive = true

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        // A suite is no run; each of its cases is.
        guard testCase != nil else { return try await function() }
        await Turns.shared.take()
        do {
            try await function()
        } catch {
            await Turns.shared.giveBack()
            throw error
        }
        await Turns.shared.giveBack()
    }
}

extension Trait where Self == TakingTurns {
    /// At most a few of the tests that have this trait run at the same time, in whatever suites they stand.
    static var takingTurns: TakingTurns { TakingTurns() }
}

/// A counting semaphore: waiters continue in the order in which they came.
private actor Turns {
    static let shared = Turns()
    /// Runs mostly wait for their own clocks: a few of them at once do not starve one another.
    private var free = 4
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func take() async {
        guard free == 0 else {
            free -= 1
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    func giveBack() {
        if waiting.isEmpty {
            free += 1
        } else {
            waiting.removeFirst().resume()
        }
    }
}
