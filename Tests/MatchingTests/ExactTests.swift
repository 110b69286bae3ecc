import Basis
import Matching
import Testing

/// Transports on which a response answers its request.
struct ExactTests {
    private func script() -> Script {
        var script = Script(Matcher())
        script.context.isExact = true
        return script
    }

    @Test("a message answers the oldest report, whenever it comes")
    func answersTheOldest() {
        var script = script()
        script.run("s0 s10 s20 a700 a701 o2000 s3000 a3001 x20000")
        #expect(script.reading == "r1 700, r2 691, r3 1980, r4 1")
    }

    @Test("a report without an answer is overdue after the timeout and cut at the end")
    func overdue() {
        var script = script()
        script.run("s0 t2999")
        #expect(script.outcomes.isEmpty)
        #expect(script.state.waitingReports == 1)
        script.run("t3000")
        #expect(script.outcomes.count == 1)
        #expect(script.state.waitingReports == 0)
        script.run("x4000")
        #expect(script.reading == "r1 –")
    }

    @Test("a late response still answers its own request")
    func late() {
        var script = script()
        script.run("s0 t3000 s3100 a3200 a3300 x20000")
        #expect(script.reading == "r1 3200, r2 200")
    }
}
