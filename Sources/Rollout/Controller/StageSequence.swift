import Basis

/// The stages of a plan for a number of selected agents: the canary, the listed stages, then batches; what remains is
/// one stage more. Computed one at a time, so a million batches cost nothing.
struct StageSequence: Hashable, Sendable {
    /// One stage, with positions in the order of offers.
    struct Stage: Hashable, Sendable {
        var index: Int
        var positions: Range<Int>
        var soak: Nanoseconds
        var over: Nanoseconds
        var approval = false
        var window: StageWindow?
        var ignoresAnswers = false
        var isCanary = false
    }

    /// The most stages: their numbers fit into the agents' rows.
    static let maxStages = 60_000

    let plan: RolloutPlan
    let total: Int

    /// - Parameter before: the stage that has passed; nil: the first stage. Nil where all agents are offered.
    func stage(after before: Stage?) -> Stage? {
        let start = before?.positions.upperBound ?? 0
        guard start < total || before == nil else { return nil }
        let index = before.map { $0.index + 1 } ?? 0
        var listed = index
        if let canary = plan.canary {
            if index == 0 {
                let end = canary.size.count(of: total)
                return Stage(
                    index: 0, positions: 0..<end, soak: canary.soak, over: canary.over, isCanary: true)
            }
            listed -= 1
        }
        if listed < plan.stages.count {
            let stage = plan.stages[listed]
            let end = max(stage.to.count(of: total), start)
            return Stage(
                index: index, positions: start..<end, soak: stage.soak, over: stage.over, approval: stage.approval,
                window: stage.window, ignoresAnswers: stage.ignoresAnswers)
        }
        guard let batches = plan.batches else {
            return Stage(index: index, positions: start..<total, soak: .zero, over: .zero)
        }
        let size = batchSize(listed - plan.stages.count, batches)
        let end = min(start + size, total)
        return Stage(
            index: index, positions: start..<end, soak: batches.soak, over: batches.over,
            ignoresAnswers: batches.ignoresAnswers)
    }

    /// The size of a batch by its number. With the growth it stays below the maximum, and large enough that the number
    /// of stages stays below `maxStages`.
    private func batchSize(_ number: Int, _ batches: BatchSettings) -> Int {
        let floor = max(total / (Self.maxStages / 2), 1)
        let limit = batches.max?.count(of: total) ?? total
        var size = Double(max(batches.size.count(of: total), floor))
        if batches.growth > 1 {
            // Repeated products in one order: equal on every machine.
            for _ in 0..<number where size < Double(limit) { size *= batches.growth }
        }
        return max(min(Int(size), max(limit, floor)), 1)
    }
}
