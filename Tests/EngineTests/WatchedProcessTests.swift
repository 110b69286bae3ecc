import Basis
import Foundation
import Testing

@testable import Engine

@Suite("A process that is watched")
struct WatchedProcessTests {
    @Test("This process has the figures that it has of itself")
    func own() throws {
        let process = try #require(WatchedProcess(pid: getpid()))
        let figures = try #require(process.figures())
        let own = ProcessFigures.current()
        #expect(figures.residentBytes > 1 << 20 && figures.residentBytes < UInt64(own.peakResidentBytes) * 2)
        #expect(figures.threads >= 1 && figures.descriptors ?? 0 >= 3)
        // Of two clocks, one of which ticks in hundredths.
        #expect(figures.cpu <= own.cpuTime + .milliseconds(500))
    }

    @Test("A process that does not exist, or has ended, has no figures")
    func ended() throws {
        #expect(WatchedProcess(pid: 0) == nil)
        #expect(WatchedProcess(pid: -1) == nil)
        #expect(WatchedProcess(pid: .max) == nil)
        var child = try ChildProcess("/bin/sleep", ["60"], output: STDOUT_FILENO)
        let process = try #require(WatchedProcess(pid: child.identifier))
        #expect(process.name == "sleep" || process.figures() != nil)
        child.signal(SIGKILL)
        child.wait()
        #expect(process.figures() == nil)
    }

    @Test("The size of the directory of descriptors is the number of its entries")
    func descriptors() throws {
        var child = try ChildProcess("/bin/sleep", ["60"], output: STDOUT_FILENO)
        defer {
            child.signal(SIGKILL)
            child.wait()
        }
        // A child that has not yet begun its program still closes what it has of this process.
        var counts: [Int] = []
        for _ in 0..<500 where counts.count < 2 || counts[0] != counts[1] {
            usleep(10_000)
            counts = [
                SystemFile.countedDescriptors("/proc/\(child.identifier)/fd"),
                SystemFile.openDescriptors(of: "\(child.identifier)"),
            ]
        }
        #expect(counts[0] == counts[1])
        #expect(counts[0] > 0)
    }

    @Test("The process that listens on a port is found; a port on which nobody listens has none")
    func listening() throws {
        let socket = try RawListener(backlog: 1)
        #expect(WatchedProcess.listening(on: socket.address.port)?.pid == getpid())
        withExtendedLifetime(socket) {}
        #expect(WatchedProcess.listening(on: 1) == nil)
    }

    @Test(
        "The name of a process may hold blanks and parentheses",
        arguments: ["a b", "(x) y)", ") 1 2 3 (", ""])
    func names(name: String) throws {
        let stat = try #require(WatchedProcess.Status("12 (\(name)) S 1 2 3"))
        #expect(stat.name == name && stat.number(1) == 1 && stat.number(3) == 3 && stat.number(4) == nil)
        #expect(WatchedProcess.Status("12 S") == nil)
    }
}
