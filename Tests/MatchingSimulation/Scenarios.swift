extension Scenario {
    /// The servers that the ways of matching were compared on.
    public static let all: [Scenario] =
        losses + surpluses + delays + overlaps + mixtures

    private static let losses = [
        Scenario("clean 20ms/1s"),
        Scenario("drop1% 20ms/1s") { $0.drops = 0.01 },
        Scenario("drop5% 20ms/1s") { $0.drops = 0.05 },
        Scenario("drop20% 20ms/1s") { $0.drops = 0.2 },
        Scenario("drop1% 1ms/1s") { ($0.drops, $0.median) = (0.01, 0.001) },
        Scenario("drop1% 500ms/1s sync") { ($0.drops, $0.median, $0.sigma) = (0.01, 0.5, 0.4) },
        Scenario("drop5% 20ms/10s") { ($0.drops, $0.interval) = (0.05, 10) },
        Scenario("drop5% 500ms/10s") { ($0.drops, $0.interval, $0.median) = (0.05, 10, 0.5) },
    ]

    private static let surpluses = [
        Scenario("push .01/s 20ms/1s") { $0.pushes = 0.01 },
        Scenario("push .1/s 20ms/1s") { $0.pushes = 0.1 },
        Scenario("push .1/s 500ms/1s") { ($0.pushes, $0.median, $0.sigma) = (0.1, 0.5, 0.4) },
        Scenario("push .1/s 2% of answers carry offers 20ms/1s") { ($0.pushes, $0.offers) = (0.1, 0.02) },
        Scenario("push .1/s bare 20ms/1s") { $0.barePushes = 0.1 },
        Scenario("push .1/s + drop5 20ms/1s") { ($0.pushes, $0.drops) = (0.1, 0.05) },
        Scenario("push .1/s 500ms/10s") { ($0.pushes, $0.median, $0.interval) = (0.1, 0.5, 10) },
    ]

    private static let delays = [
        Scenario("late1% sync 20ms/1s") { $0.late = 0.01 },
        Scenario("late1% sync 20ms/10s") { ($0.late, $0.interval) = (0.01, 10) },
        Scenario("late1% any order 20ms/1s") { ($0.late, $0.order) = (0.01, .anyOrder) },
        Scenario("dup1% 20ms/1s") { $0.duplicates = 0.01 },
        Scenario("dup1% 500ms/1s") { ($0.duplicates, $0.median, $0.sigma) = (0.01, 0.5, 0.4) },
        Scenario("mute5s flush 20ms/1s") { $0.isMute = true },
        Scenario("mute5s lost 20ms/1s") { ($0.isMute, $0.losesWhileMute) = (true, true) },
        Scenario("mute flush+drop1 20ms/1s") { ($0.isMute, $0.drops) = (true, 0.01) },
        Scenario("coalesce sync 500ms/1s") { ($0.median, $0.sigma, $0.coalescing) = (0.5, 0.8, 1) },
    ]

    private static let overlaps = [
        Scenario("1.5s/0.5s async") { $0.overlap(median: 1.5, sigma: 0.1, interval: 0.5) },
        Scenario("1.5s/0.5s async drop1") { $0.overlap(median: 1.5, sigma: 0.1, interval: 0.5, drops: 0.01) },
        Scenario("1.5s/0.5s async drop1 jitter 20%") {
            $0.overlap(median: 1.5, sigma: 0.1, interval: 0.5, drops: 0.01)
            $0.jitter = 0.2
        },
        Scenario("4s/0.5s async, 8 out, drop1") { $0.overlap(median: 4, sigma: 0.05, interval: 0.5, drops: 0.01) },
        Scenario("bimodal 5/800ms/1s drop1") { $0.twoMedians(0.8, share: 0.1, sigma: 0.3) },
        Scenario("bimodal async drop1") {
            $0.twoMedians(0.8, share: 0.1, sigma: 0.3)
            $0.order = .inOrder
        },
        Scenario("bimodal 5ms/1.3s 1s async drop1") {
            $0.twoMedians(1.3, share: 0.05, sigma: 0.2)
            $0.order = .inOrder
        },
        Scenario("jump 20ms->1.52s async 1s") { $0.jump(to: 1.52, sigma: 0.05) },
        Scenario("jump 20ms->1.02s sd .2 async 1s") { $0.jump(to: 1.02, sigma: 0.2) },
        Scenario("jump 20ms->1.02s sd .05 async 1s") { $0.jump(to: 1.02, sigma: 0.05) },
        Scenario("jump 20ms->1.02s sd .05 jitter 20%") {
            $0.jump(to: 1.02, sigma: 0.05)
            $0.jitter = 0.2
        },
        Scenario("jump 20ms->1.02s sd .2 jitter 20%") {
            $0.jump(to: 1.02, sigma: 0.2)
            $0.jitter = 0.2
        },
    ]

    private static let mixtures = [
        Scenario("mix: drop 1%, push .01/s, late .3%, dup .5%; 20ms/1s") { $0.mix() },
        Scenario("500ms const/200ms push .01/s") {
            $0.overlap(median: 0.5, sigma: 0.002, interval: 0.2)
            $0.pushes = 0.01
        },
        Scenario("500ms const/200ms bare push .01/s") {
            $0.overlap(median: 0.5, sigma: 0.002, interval: 0.2)
            $0.barePushes = 0.01
        },
        Scenario("drop5% any order 20ms/1s") { ($0.drops, $0.order) = (0.05, .anyOrder) },
        Scenario("mix any order") {
            $0.mix()
            $0.order = .anyOrder
        },
    ]

    private mutating func overlap(median: Double, sigma: Double, interval: Double, drops: Double = 0) {
        order = .inOrder
        (self.median, self.sigma, self.interval, self.drops) = (median, sigma, interval, drops)
    }

    private mutating func twoMedians(_ second: Double, share: Double, sigma: Double) {
        (median, secondMedian, secondShare, self.sigma, drops) = (0.005, second, share, sigma, 0.01)
    }

    private mutating func jump(to median: Double, sigma: Double) {
        order = .inOrder
        (self.sigma, changesAt, changedMedian) = (sigma, 100, median)
    }

    private mutating func mix() {
        (drops, pushes, late, duplicates) = (0.01, 0.01, 0.003, 0.005)
    }
}
