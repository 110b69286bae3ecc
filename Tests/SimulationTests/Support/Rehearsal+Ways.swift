import Testing

@testable import Simulation

extension Rehearsal {
    /// Runs it, and expects the same in three partitions, with each heartbeat as an event, and with its faults written
    /// out for single agents; and that nothing happens that must not.
    /// - Returns: What came of it.
    func runInEveryWay(at location: SourceLocation = #_sourceLocation) -> RehearsalResult {
        var other = self
        let result = other.run()
        #expect(result.violations.isEmpty, "\(result.violations)", sourceLocation: location)
        other.partitions = 3
        #expect(other.run().hashes == result.hashes, sourceLocation: location)
        other.world.heartbeats = .each
        #expect(other.run().hashes == result.hashes, sourceLocation: location)
        other.world = other.world.withFaultsWrittenOut()
        other.world.heartbeats = .derived
        #expect(other.run().hashes == result.hashes, sourceLocation: location)
        return result
    }
}
