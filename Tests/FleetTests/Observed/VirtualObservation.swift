import AgentModel
import Basis
import ControlPlane
import Observing
import OpAMP
import Transport

@testable import Fleet

/// A profile's fleet in virtual time, seen through observers: the agents are the product's own, each message goes as
/// the bytes of a WebSocket through a `ConnectionObserver`, and each answer of the server takes a millisecond.
///
/// Lifetimes are drawn here: an agent is reset at the end of its life and another one takes its place.
struct VirtualObservation {
    private enum Event {
        case start(Int)
        case timer(Int, token: Int)
        case died(Int, life: Int)
        case opened(Int, life: Int)
        case answer(Int, life: Int, [UInt8])
        case second
    }

    private struct Station {
        var agent: Agent
        let cohort: Int
        var token = 0
        var life = 0
        var observer: ConnectionObserver?
        var connection: ConnectionID?
    }

    private let profile: Profile
    private var queue = EventQueue<Event>()
    private var now = Instant.zero
    private var stations: [Station] = []
    private var cohorts: [Cohort] = []
    private var made = 0
    private var registry: Registry
    private var stationOf: [ConnectionID: Int] = [:]
    private var fleet: FleetObserver
    private let decoder = MessageDecoder()
    private var random = SeededRandom(seed: 11)
    /// Has what the agents have learned together.
    private var effects = Effects()
    private let deflater = Deflater(windowBits: 15)

    private static let transit = Nanoseconds.milliseconds(1)

    /// What a watch over the whole run of `profile` sees.
    static func watch(_ profile: Profile) -> Observation {
        var run = VirtualObservation(profile)
        return run.play()
    }

    private init(_ profile: Profile) {
        self.profile = profile
        var limits = ObservingLimits()
        limits.checksConformance = true
        fleet = FleetObserver(limits: limits, start: .zero)
        registry = Registry(plan: ServerPlan(), seed: 1, wallClockAtZero: 1_780_000_000_000)
        cohorts = profile.cohorts.map {
            Cohort(CohortPlan(cohort: $0, limits: profile.limits), seed: 1, unixOrigin: 1_780_000_000_000_000_000)
        }
    }

    private mutating func play() -> Observation {
        let population = Population(profile)
        let ramp: Nanoseconds = if case .ramp(let span) = profile.arrival { span } else { .zero }
        for place in 0..<profile.agents {
            stations.append(station(in: population.cohortIndex(of: place)))
            queue.put(.start(place), at: .zero + ramp.scaled(by: Double(place) / Double(profile.agents)))
        }
        for second in 1...Int64(profile.duration.seconds) { queue.put(.second, at: .zero + .seconds(second)) }
        let end = Instant.zero + profile.duration
        while let (at, event) = queue.next(), at <= end {
            now = at
            take(event)
        }
        return fleet.observation(at: end)
    }

    private mutating func station(in cohort: Int) -> Station {
        defer { made += 1 }
        return Station(agent: Agent(index: UInt64(made), cohort: cohorts[cohort]), cohort: cohort)
    }

    private mutating func take(_ event: Event) {
        switch event {
        case .start(let place):
            tell(place) { $0.start(at: $1, &$2) }
            guard let lifetime = profile.cohorts[stations[place].cohort].lifetime else { return }
            queue.put(.died(place, life: stations[place].life), at: now + lifetime.draw(&random))
        case .timer(let place, let token):
            guard stations[place].token == token else { return }
            tell(place) { $0.wake(at: $1, &$2) }
        case .died(let place, let life):
            guard stations[place].life == life else { return }
            stations[place].observer?.ended(.agentReset, at: now, &fleet, decoder)
            if let id = stations[place].connection { stationOf[id] = nil }
            var next = station(in: stations[place].cohort)
            (next.life, next.token) = (life + 1, stations[place].token + 1)
            stations[place] = next
            queue.put(.start(place), at: now)
        case .opened(let place, let life):
            if stations[place].life == life { tell(place) { $0.connected(at: $1, &$2) } }
        case .answer(let place, let life, let bytes):
            if stations[place].life == life { answer(bytes, to: place) }
        case .second: fleet.passed(to: now)
        }
    }

    // MARK: - Agents

    private mutating func tell(_ place: Int, _ event: (inout Agent, Instant, inout Effects) -> Void) {
        effects.removeAll()
        event(&stations[place].agent, now, &effects)
        for effect in effects.list {
            switch effect {
            case .connect: connect(place)
            case .send(let slice): send(Array(effects.bytes[slice.range]), from: place)
            default: break
            }
        }
        guard let due = effects.wakeAt else { return }
        stations[place].token += 1
        queue.put(.timer(place, token: stations[place].token), at: max(due, now))
    }

    private mutating func connect(_ place: Int) {
        var observer = ConnectionObserver(limits: ObservingLimits(), at: now)
        let compresses = profile.wire(of: profile.cohorts[stations[place].cohort]).compression.websocket
        let (request, response) = Self.handshake(compresses: compresses)
        observer.agentSent(request.span.bytes, at: now, &fleet, decoder)
        observer.serverSent(response.span.bytes, at: now, &fleet, decoder)
        stations[place].observer = observer
        var asked = ServerEffects()
        let id = registry.accepted(at: now, &asked)
        stations[place].connection = id
        stationOf[id] = place
        asked.removeAll()
        registry.upgradeRequested(id, at: now, &asked)
        queue.put(.opened(place, life: stations[place].life), at: now + Self.transit)
    }

    private static func handshake(compresses: Bool) -> (request: [UInt8], response: [UInt8]) {
        var (request, response): ([UInt8], [UInt8]) = ([], [])
        let client = WebSocketClientHandshake(nonce: (1, 2), offer: compresses ? DeflateOffer() : nil)
        client.appendRequest(target: "/v1/opamp", host: "server", to: &request)
        var (reader, offset) = (HTTPReader(.requests), 0)
        if case .request(let head)? = try? reader.next(request.span.bytes, at: &offset) {
            _ = try? WebSocketServerHandshake.accept(head, deflate: DeflatePolicy(), to: &response)
        }
        return (request, response)
    }

    private mutating func send(_ report: [UInt8], from place: Int) {
        let wire = profile.wire(of: profile.cohorts[stations[place].cohort]).compression
        var frame: [UInt8] = []
        if wire.websocket, report.count >= wire.threshold, let deflater {
            var compressed: [UInt8] = []
            deflater.message(report.span.bytes, prefix: 0, into: &compressed)
            WebSocketFrame.append(
                .binary, payload: compressed.span.bytes, mask: 0x1234_5678, isCompressed: true, to: &frame)
        } else {
            WebSocketFrame.append(.binary, prefix: 0, payload: report.span.bytes, mask: 0x1234_5678, to: &frame)
        }
        stations[place].observer?.agentSent(frame.span.bytes, at: now, &fleet, decoder)
        guard let id = stations[place].connection else { return }
        var asked = ServerEffects()
        registry.received(bytes: report.span.bytes, from: id, at: now, &asked)
        for effect in asked.list {
            guard case .send(let to, let slice) = effect, let place = stationOf[to] else { continue }
            let answer = Event.answer(place, life: stations[place].life, Array(asked.bytes[slice.range]))
            queue.put(answer, at: now + Self.transit)
        }
    }

    private mutating func answer(_ bytes: [UInt8], to place: Int) {
        var frame: [UInt8] = []
        WebSocketFrame.append(.binary, prefix: 0, payload: bytes.span.bytes, mask: nil, to: &frame)
        stations[place].observer?.serverSent(frame.span.bytes, at: now, &fleet, decoder)
        tell(place) { agent, now, effects in
            guard let view = try? ServerToAgentView(bytes.span.bytes) else { return }
            agent.received(view, at: now, &effects)
        }
    }
}
