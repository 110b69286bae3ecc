import Basis
import Rollout

/// The order of the outcomes of one second: by time, then agent, kind and revision, as `AgentOutcome` has it. Most
/// differ in time or agent, which fit into one word.
struct OutcomeOrder {
    private struct Key {
        let word: UInt64
        let place: UInt32
    }

    private var keys: [Key] = []
    private var sorted: [AgentOutcome] = []
    /// Where the keys of each slice of time begin.
    private var begins: [UInt32] = []
    private var spread: [Key] = []

    /// - Parameter start: none is earlier; all are within four seconds from then.
    mutating func sort(_ outcomes: inout [AgentOutcome], from start: Instant) {
        guard outcomes.count > 1 else { return }
        keys.removeAll(keepingCapacity: true)
        keys.reserveCapacity(outcomes.count)
        for place in outcomes.indices {
            let time = outcomes[place].at.nanoseconds - start.nanoseconds
            keys.append(Key(word: time << 32 | UInt64(outcomes[place].agent), place: UInt32(place)))
        }
        if keys.count > Self.fewKeys { spreadByTime() }
        sortNeighbours(outcomes)
        sorted.removeAll(keepingCapacity: true)
        sorted.reserveCapacity(outcomes.count)
        for key in keys { sorted.append(outcomes[Int(key.place)]) }
        swap(&sorted, &outcomes)
    }

    /// Slices of a quarter of a millisecond: keys lie near their places afterwards.
    private static let slices = 1 << 14
    private static let sliceShift = UInt64(64 - 14)

    /// Puts the keys into the order of their slices; within one they stay as they were.
    private mutating func spreadByTime() {
        if begins.isEmpty { begins = Array(repeating: 0, count: Self.slices + 1) }
        for slice in begins.indices { begins[slice] = 0 }
        for key in keys { begins[Int(key.word >> Self.sliceShift) + 1] += 1 }
        for slice in 1...Self.slices { begins[slice] += begins[slice - 1] }
        if spread.count < keys.count {
            spread += Array(repeating: Key(word: 0, place: 0), count: keys.count - spread.count)
        }
        for key in keys {
            let slice = Int(key.word >> Self.sliceShift)
            spread[Int(begins[slice])] = key
            begins[slice] += 1
        }
        for place in keys.indices { keys[place] = spread[place] }
    }

    /// Sorts keys of which most are near their places: by insertion, unless that takes too many moves.
    private mutating func sortNeighbours(_ outcomes: [AgentOutcome]) {
        func isLess(_ left: Key, _ right: Key) -> Bool {
            left.word != right.word
                ? left.word < right.word : outcomes[Int(left.place)] < outcomes[Int(right.place)]
        }
        // Few keys have not been put near their places.
        var movesLeft = keys.count > Self.fewKeys ? keys.count * Self.movesEach : 0
        guard movesLeft > 0 else { return keys.sort(by: isLess) }
        for index in 1..<keys.count {
            let key = keys[index]
            var place = index
            while place > 0, isLess(key, keys[place - 1]), movesLeft > 0 {
                keys[place] = keys[place - 1]
                place -= 1
                movesLeft -= 1
            }
            keys[place] = key
            if movesLeft == 0 { return keys.sort(by: isLess) }
        }
    }

    private static let fewKeys = 512
    private static let movesEach = 24
}
