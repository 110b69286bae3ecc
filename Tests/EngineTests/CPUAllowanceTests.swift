import Foundation
import Testing

@testable import Engine

@Suite("What the system lets the process have of the CPU")
struct CPUAllowanceTests {
    @Test(
        "Stolen time is the eighth number of /proc/stat",
        arguments: [
            ("cpu  100 1 50 800 9 0 10 30 0 0\ncpu0 1 2 3\n", (UInt64(1000), UInt64(30)) as (UInt64, UInt64)?),
            ("cpu  100 1 50 800 9 0 10 30\n", (1000, 30)),
            ("cpu  100 1 50 800\n", nil), ("", nil), ("cpu  100 1 50 x 9 0 10 30\n", nil),
            ("intr 1 2 3 4 5 6 7 8 9", nil),
        ])
    func stolen(text: String, expected: (UInt64, UInt64)?) {
        let found = CPUAllowance.stolen(procStat: text)
        #expect(found?.machine == expected?.0 && found?.stolen == expected?.1)
    }

    /// A tree of control groups as the kernel shows it.
    private static func withGroups(_ files: [String: String], _ body: (String) throws -> Void) throws {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: root) }
        for (path, text) in files {
            let file = root.appendingPathComponent(path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        try body(root.path)
    }

    @Test("The lowest quota of the group and those above it counts, with its own counts")
    func versionTwo() throws {
        try Self.withGroups([
            "pod/cpu.max": "150000 100000\n", "pod/cpu.stat": "usage_usec 9\nnr_periods 40\nnr_throttled 7\n",
            "pod/container/cpu.max": "200000 100000\n", "pod/container/cpu.stat": "nr_periods 1\nnr_throttled 1\n",
        ]) { root in
            let group = try #require(ControlGroup.lowest(membership: "0::/pod/container\n", root: root))
            #expect(group.quota == 1.5)
            #expect(group.throttling == (40, 7))
        }
    }

    @Test("In a container the path may be the host's: the root of the hierarchy has the quota then")
    func versionOneInContainer() throws {
        try Self.withGroups([
            "cpu,cpuacct/cpu.cfs_quota_us": "50000\n", "cpu,cpuacct/cpu.cfs_period_us": "100000\n",
            "cpu,cpuacct/cpu.stat": "nr_periods 3\nnr_throttled 2\nthrottled_time 5\n",
        ]) { root in
            let group = try #require(
                ControlGroup.lowest(membership: "4:memory:/x\n3:cpu,cpuacct:/docker/f00\n0::/\n", root: root))
            #expect(group.quota == 0.5)
            #expect(group.throttling == (3, 2))
        }
    }

    @Test(
        "No quota is no group",
        arguments: [
            ("0::/\n", ["cpu.max": "max 100000\n"]),
            ("1:cpu:/\n", ["cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"]),
            ("0::/\n", [:]), ("", [:]), ("nonsense\n", [:]), ("0::/\n", ["cpu.max": "0 0\n"]),
        ])
    func none(membership: String, files: [String: String]) throws {
        try Self.withGroups(files) { #expect(ControlGroup.lowest(membership: membership, root: $0) == nil) }
    }

    @Test("This machine tells its figures")
    func current() {
        let now = CPUAllowance.current()
        #expect(now.machineTicks > 0)
        #expect(now.stolenTicks <= now.machineTicks)
    }
}
