import Basis
import Engine
import Foundation
import Metrics

/// The tool's own use of the machine since the run began.
struct ProcessClock: Sendable {
    private let start = ProcessFigures.current()

    func sample() -> ProcessSample {
        let now = ProcessFigures.current()
        let allowance = CPUAllowance.current()
        return ProcessSample(
            cpu: now.cpuTime - start.cpuTime, residentBytes: UInt64(now.residentBytes),
            availableCores: min(Double(Processors.count), allowance.quota ?? .infinity),
            withheld: CPUWithheld(
                quotaPeriods: allowance.quotaPeriods, throttledPeriods: allowance.throttledPeriods,
                machineTicks: allowance.machineTicks, stolenTicks: allowance.stolenTicks))
    }
}

/// The processors that this process may run on.
enum Processors {
    static var count: Int { ProcessInfo.processInfo.activeProcessorCount }
}
