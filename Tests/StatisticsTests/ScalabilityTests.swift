import Basis
import Testing

@testable import Statistics

@Suite("The universal scalability law")
struct ScalabilityTests {
    /// A server whose throughput is known at each load, up to about four times that which the trials surround.
    struct Server: CustomTestStringConvertible, Sendable {
        var name: String
        /// As shares of the load that the trials surround.
        var contention = 0.0
        var crosstalk = 0.0
        var ceiling = Double.infinity

        var testDescription: String { name }

        func throughput(_ load: Double, around centre: Double) -> Double {
            let (sigma, kappa) = (contention / centre, crosstalk / centre / centre)
            return min(load / (1 + sigma * (load - 1) + kappa * load * (load - 1)), ceiling * centre)
        }

        /// Trials as a search makes them: a few from far below upwards, then twenty around the limit.
        func trials(around centre: Double, deviation: Double, seed: UInt64) -> [ScalabilityFit.Trial] {
            var random = SeededRandom(seed: seed)
            func normal() -> Double { (0..<12).reduce(-6) { sum, _ in sum + random.unit() } }
            var loads = [centre / 20 * (0.7 + 0.6 * random.unit())]
            while let last = loads.last, last < centre { loads.append(last * 4) }
            loads.append((loads[loads.count - 1] * loads[loads.count - 2]).squareRoot())
            loads += (0..<20).map { _ in centre * (1 + 0.05 * normal()) }
            return loads.map { load in
                let load = load.rounded()
                let measured = throughput(load, around: centre) * (1 + deviation * normal())
                return .init(load: load, throughput: measured, messages: measured * 20)
            }
        }

        static let proportional = Server(name: "in proportion")
        static let contended = Server(name: "contention", contention: 0.5)
        static let crossed = Server(name: "crosstalk", crosstalk: 0.5)
        static let both = Server(name: "both", contention: 0.2, crosstalk: 1)
        static let bounded = Server(name: "a ceiling", ceiling: 1)
        static let law = [proportional, contended, crossed, both]
    }

    private static let seeds = 0..<300 as Range<UInt64>

    private func fits(_ server: Server, deviation: Double) throws -> [ScalabilityFit] {
        try Self.seeds.map { seed in
            try #require(ScalabilityFit(server.trials(around: 1_000, deviation: deviation, seed: seed)), "\(seed)")
        }
    }

    private func share(_ fits: [ScalabilityFit], _ holds: (ScalabilityFit) -> Bool) -> Double {
        Double(fits.count(where: holds)) / Double(fits.count)
    }

    @Test("Without noise it finds the planted values", arguments: Server.law)
    func exact(server: Server) throws {
        let fit = try #require(ScalabilityFit(server.trials(around: 1_000, deviation: 0, seed: 1)))
        #expect((fit.throughputPerLoad - 1).magnitude < 1e-9)
        #expect((fit.contention.value * 1_000 - server.contention).magnitude < 1e-8)
        #expect((fit.crosstalk.value * 1e6 - server.crosstalk).magnitude < 1e-8)
        #expect(fit.deviation < 1e-9)
    }

    @Test(
        "Its intervals hold the planted values in 95 % of the searches or more",
        arguments: Server.law, [0.002, 0.01, 0.03])
    func coverage(server: Server, deviation: Double) throws {
        let fits = try fits(server, deviation: deviation)
        // Of 300 searches, 93 % is what chance leaves of 95 %.
        let contention = share(fits) {
            $0.contention.low * 1_000 <= server.contention && server.contention <= $0.contention.high * 1_000
        }
        let crosstalk = share(fits) {
            $0.crosstalk.low * 1e6 <= server.crosstalk && server.crosstalk <= $0.crosstalk.high * 1e6
        }
        #expect(contention >= 0.93 && crosstalk >= 0.93, "\(contention) \(crosstalk)")
    }

    @Test("A knee is named in at most 5 % of the searches of a server that has none", arguments: [0.002, 0.01, 0.03])
    func noKnee(deviation: Double) throws {
        let named = share(try fits(.proportional, deviation: deviation)) {
            switch $0.shape {
            case .noKnee, .notFollowed: false
            case .peak, .levelsOff, .ceiling: true
            }
        }
        #expect(named <= 0.05, "\(named)")
    }

    @Test("Crosstalk has its knee at the square root of (1 − σ)/κ", arguments: [Server.crossed, .both], [0.01, 0.03])
    func peak(server: Server, deviation: Double) throws {
        let knees = try fits(server, deviation: deviation).compactMap { fit -> ScalabilityFit.Estimate? in
            if case .peak(let knee) = fit.shape { knee } else { nil }
        }
        #expect(knees.count >= 285, "\(knees.count)")
        let expected = ((1 - server.contention / 1_000) / server.crosstalk).squareRoot() * 1_000
        let holding = knees.count { $0.low <= expected && expected <= $0.high }
        #expect(Double(holding) >= 0.93 * Double(knees.count), "\(holding) of \(knees.count)")
    }

    @Test("Contention alone levels off", arguments: [0.01, 0.03])
    func levelsOff(deviation: Double) throws {
        let knees = try fits(.contended, deviation: deviation).compactMap { fit -> ScalabilityFit.Estimate? in
            if case .levelsOff(let knee) = fit.shape { knee } else { nil }
        }
        #expect(knees.count >= 265, "\(knees.count)")
        let holding = knees.count { $0.low <= 2_000 && 2_000 <= $0.high }
        #expect(Double(holding) >= 0.93 * Double(knees.count), "\(holding) of \(knees.count)")
    }

    @Test("A server that answers all up to a fixed rate has a ceiling, no knee of the law", arguments: [0.01, 0.03])
    func ceiling(deviation: Double) throws {
        let fits = try fits(.bounded, deviation: deviation)
        let loads = fits.compactMap { if case .ceiling(let load) = $0.shape { load } else { nil } }
        #expect(loads.count >= 270, "\(loads.count)")
        #expect(loads.allSatisfy { (900...1_100).contains($0) })
        let mistaken = share(fits) {
            switch $0.shape {
            case .peak, .levelsOff: true
            case .noKnee, .ceiling, .notFollowed: false
            }
        }
        #expect(mistaken <= 0.02, "\(mistaken)")
    }

    @Test("Too few trials, too few messages or too few loads have no fit")
    func tooFew() {
        let trials = Server.both.trials(around: 1_000, deviation: 0.01, seed: 1)
        #expect(ScalabilityFit(Array(trials.prefix(5))) == nil)
        #expect(
            ScalabilityFit(trials.map { .init(load: $0.load, throughput: $0.throughput, messages: 99) }) == nil)
        let twoLoads = (0..<20).map { number in
            let load = number.isMultiple(of: 2) ? 500.0 : 1_000
            return ScalabilityFit.Trial(load: load, throughput: load * (1 + 0.001 * Double(number)), messages: 5_000)
        }
        #expect(ScalabilityFit(twoLoads) == nil)
    }
}
