import Foundation

/// What a result says about the machine that it was measured on.
enum Machine {
    static var description: String {
        let information = ProcessInfo.processInfo
        let memory = Double(information.physicalMemory) / Double(1 << 30)
        return "\(information.operatingSystemVersionString), \(information.activeProcessorCount) cores, "
            + String(format: "%.0f GiB", memory)
    }
}
