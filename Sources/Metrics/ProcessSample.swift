public import Basis

/// What the tool itself has used of the machine, read at a tick.
public struct ProcessSample: Hashable, Sendable {
    /// Processor time of the whole process since its start, user and system.
    public var cpu: Nanoseconds
    /// Memory held, in bytes.
    public var residentBytes: UInt64
    /// How many cores the process may use: a fraction where a container says so.
    public var availableCores: Double

    public init(cpu: Nanoseconds, residentBytes: UInt64, availableCores: Double) {
        self.cpu = cpu
        self.residentBytes = residentBytes
        self.availableCores = availableCores
    }

    /// The share of the available cores used between an earlier sample and this one, 0...1 but for clock error; zero
    /// for an empty span.
    public func cpuShare(since earlier: ProcessSample, over span: Nanoseconds) -> Double {
        guard span > .zero, availableCores > 0 else { return 0 }
        return max((cpu - earlier.cpu).seconds, 0) / (span.seconds * availableCores)
    }
}
