/// What the system lets the process have of the CPU, and what it has kept from it so far: by the quota of its control
/// group, and by the hypervisor.
public struct CPUAllowance: Hashable, Sendable {
    /// The quota in cores; nil where there is none.
    public var quota: Double?
    /// Periods of the quota so far, and those in which the process was stopped because it had used it up.
    public var quotaPeriods: UInt64 = 0
    public var throttledPeriods: UInt64 = 0
    /// CPU time of the machine so far, of all cores and uses, and the hypervisor's part for others; in ticks.
    public var machineTicks: UInt64 = 0
    public var stolenTicks: UInt64 = 0

    /// The figures of this moment. Tens of microseconds.
    public static func current() -> CPUAllowance {
        var allowance = CPUAllowance()
        if let group = ControlGroup.ofProcess {
            allowance.quota = group.quota
            (allowance.quotaPeriods, allowance.throttledPeriods) = group.throttling
        }
        if let ticks = SystemFile.read("/proc/stat").flatMap(stolen(procStat:)) {
            (allowance.machineTicks, allowance.stolenTicks) = ticks
        }
        return allowance
    }

    /// The first line of /proc/stat: `cpu`, then ticks in user, nice, system, idle, iowait, irq, softirq, steal; what
    /// follows is part of the former.
    static func stolen(procStat: String) -> (machine: UInt64, stolen: UInt64)? {
        let fields = procStat.prefix { $0 != "\n" }.split(separator: " ")
        guard fields.first == "cpu", fields.count >= 9 else { return nil }
        let ticks = fields[1...8].compactMap { UInt64($0) }
        guard ticks.count == 8 else { return nil }
        return (ticks.reduce(0, &+), ticks[7])
    }
}

/// A control group of Linux as far as it limits CPU time, of version 1 or 2.
struct ControlGroup: Hashable, Sendable {
    enum Version: Hashable, Sendable { case one, two }

    let directory: String
    let version: Version

    /// The group with the lowest quota among the process's own and those above it; nil where none has a quota. It is
    /// looked for once: processes are rarely moved.
    static let ofProcess: ControlGroup? = SystemFile.read("/proc/self/cgroup").flatMap {
        lowest(membership: $0, root: "/sys/fs/cgroup")
    }

    /// - Parameters:
    ///   - membership: the text of /proc/self/cgroup, a line `number:controllers:path` for each hierarchy.
    ///   - root: where the hierarchies are mounted.
    static func lowest(membership: String, root: String) -> ControlGroup? {
        let groups = membership.split(separator: "\n").flatMap { line -> [ControlGroup] in
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { return [] }
            if fields[0] == "0", fields[1].isEmpty {
                return ancestors(of: fields[2]).map { ControlGroup(directory: root + $0, version: .two) }
            }
            guard fields[1].split(separator: ",").contains("cpu") else { return [] }
            return ancestors(of: fields[2]).map { ControlGroup(directory: "\(root)/\(fields[1])\($0)", version: .one) }
        }
        return groups.compactMap { group in group.quota.map { (group, $0) } }.min { $0.1 < $1.1 }?.0
    }

    /// `/a/b`, `/a` and the empty path of the root. In a container the path may be the host's: then only the root is
    /// there.
    private static func ancestors(of path: Substring) -> [String] {
        let names = path.split(separator: "/")
        return (0...names.count).reversed().map { count in names.prefix(count).reduce("") { $0 + "/" + $1 } }
    }

    /// In cores; nil where the group has none.
    var quota: Double? {
        switch version {
        case .two:
            let fields = SystemFile.read(directory + "/cpu.max")?.split(whereSeparator: \.isWhitespace) ?? []
            return fields.count == 2 ? Self.cores(fields[0], of: fields[1]) : nil
        case .one:
            guard let quota = SystemFile.read(directory + "/cpu.cfs_quota_us"),
                let period = SystemFile.read(directory + "/cpu.cfs_period_us")
            else { return nil }
            return Self.cores(Self.trimmed(quota), of: Self.trimmed(period))
        }
    }

    /// Periods of the quota so far, and those in which the group was stopped.
    var throttling: (periods: UInt64, throttled: UInt64) {
        var counts: [Substring: UInt64] = [:]
        for line in (SystemFile.read(directory + "/cpu.stat") ?? "").split(separator: "\n") {
            let fields = line.split(separator: " ")
            if fields.count == 2 { counts[fields[0]] = UInt64(fields[1]) }
        }
        return (counts["nr_periods"] ?? 0, counts["nr_throttled"] ?? 0)
    }

    /// `max` and -1 are no quota.
    private static func cores(_ quota: Substring, of period: Substring) -> Double? {
        guard let quota = Double(quota), let period = Double(period), quota > 0, period > 0 else { return nil }
        return quota / period
    }

    private static func trimmed(_ text: String) -> Substring {
        text.prefix { !$0.isWhitespace }
    }
}
