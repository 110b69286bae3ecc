import Matching
import Testing

/// What each sequence of events must be read as, by a matcher that knows the server.
struct MatchVector: CustomTestStringConvertible, Sendable {
    let name: String
    let events: String
    let expected: String
    var isOrdered = false

    var testDescription: String { name }

    static let all = [
        MatchVector(name: "plain", events: "s0 a20 s1000 a1018", expected: "r1 20, r2 18"),
        MatchVector(
            name: "one dropped", events: "s0 s1000 a1020 s2000 a2021 s3000 a3019",
            expected: "r1 –, r2 20, r3 21, r4 19"),
        MatchVector(
            name: "late, in order", events: "s0 s1000 s2000 s3000 a3500 a3501 a3502 a3503 s4000 a4020",
            expected: "r1 3500, r2 2501, r3 1502, r4 503, r5 20"),
        MatchVector(name: "late, then normal", events: "s0 a4200 s10000 a10020", expected: "r1 4200, r2 20"),
        MatchVector(
            name: "push while quiet", events: "s0 a20 o500 s1000 a1020", expected: "r1 20, r2 20; surplus 1"),
        MatchVector(name: "push while waiting", events: "s0 o8 a22 s1000 a1020", expected: "r1 22, r2 20; surplus 1"),
        MatchVector(name: "offer alone as the answer", events: "s0 o20 s1000 a1020", expected: "r1 20, r2 20"),
        MatchVector(
            name: "offer far from the usual time", events: "s0 o700 s1000 a1020",
            expected: "r1 –?[700 or none], r2 20; surplus 1"),
        MatchVector(name: "bare far from the usual time", events: "s0 a700 s1000 a1020", expected: "r1 700, r2 20"),
        MatchVector(name: "duplicate", events: "s0 a20 a21 s1000 a1020", expected: "r1 20, r2 20; surplus 1"),
        // The duplicate is taken for the answer: nothing tells them apart at a usual time.
        MatchVector(
            name: "duplicate after the next send", events: "s0 a20 s1000 a1003 a1022 s2000 a2020",
            expected: "r1 20, r2 3, r3 20; surplus 1"),
        MatchVector(
            name: "mute for 5 s, answers lost",
            events: "s0 a20 s1000 s2000 s3000 s4000 s5000 s6000 a6020 s7000 a7020",
            expected: "r1 20, r2 –, r3 –, r4 –, r5 –, r6 –, r7 20, r8 20"),
        MatchVector(
            name: "mute, answers flushed", events: "s0 a20 s1000 s2000 s3000 a3500 a3501 a3502 s4000 a4020",
            expected: "r1 20, r2 2500, r3 1501, r4 502, r5 20"),
        // Which of the three has lost its answer cannot be known; the ranges say so.
        MatchVector(
            name: "mute, flushed, one missing", events: "s0 a20 s1000 s2000 s3000 a3500 a3501 s4000 a4020",
            expected: "r1 20, r2 2500?[2500 or none], r3 1501?[1500–1501 or none], r4 –?[501 or none], r5 20"),
        MatchVector(
            name: "mute, flushed, one missing, Ping",
            events: "s0 a20 s1000 s2000 s3000 a3500 p2@3500.1 a3501 p3@3501.1 s4000 p4@4001 a4020",
            expected: "r1 20, r2 2500, r3 1501, r4 –, r5 20", isOrdered: true),
        MatchVector(
            name: "coalesced", events: "s0 s100 s200 a230 s1200 a1220",
            expected: "r1 –, r2 –?[130 or none], r3 30?[30 or none], r4 20"),
        MatchVector(
            name: "overlap, in order", events: "s0 s30 a50 a60 s1000 a1020", expected: "r1 50, r2 30, r3 20"),
        MatchVector(
            name: "overlap, one missing", events: "s0 s30 a60 s1000 a1020",
            expected: "r1 –?[60 or none], r2 30?[30 or none], r3 20"),
        MatchVector(
            name: "overlap, one missing, Ping", events: "s0 s30 p1@30.5 a60 s1000 a1020",
            expected: "r1 –, r2 30, r3 20", isOrdered: true),
        MatchVector(
            name: "dropped, Ping", events: "s0 s1000 p1@1001 a1020 s2000 a2020", expected: "r1 –, r2 20, r3 20",
            isOrdered: true),
        MatchVector(
            name: "late out of order", events: "s0 s1000 a1020 s2000 a2020 a3200 s4000 a4020",
            expected: "r1 3200, r2 20, r3 20, r4 20"),
        MatchVector(
            name: "drop and push together", events: "s0 o15 s1000 a1020 s2000 a2020",
            expected: "r1 15, r2 20, r3 20"),
        MatchVector(name: "nothing at all", events: "s0 s1000 s2000", expected: "r1 –, r2 –, r3 –"),
    ]
}

struct VectorTests {
    @Test("each sequence of events is read as documented", arguments: MatchVector.all)
    func readsAsDocumented(_ vector: MatchVector) {
        var script = Script(Script.learned(isOrdered: vector.isOrdered))
        script.context.pings = vector.isOrdered ? .inDoubt : .never
        script.run(vector.events + " x20000")
        #expect(script.reading == vector.expected)
    }
}
