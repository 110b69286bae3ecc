public import Basis
public import Schema

/// How a server that is not Muster's own is made to act: by commands or HTTP requests.
public struct DriverPlan: Hashable, Sendable {
    /// Where its OpAMP endpoint is; nil: where the profile says.
    public var server: String?
    /// What agents are offered, as a text: the configuration before the rollout, and the new one. Agents know the new
    /// one by it.
    public var former = ""
    public var revision = ""
    /// Offers a configuration to one agent or to several: the plan's own controller drives the rollout.
    public var offer: DriverAction?
    /// Has the server's own engine begin its rollout.
    public var start: DriverAction?
    public var pause: DriverAction?
    public var resume: DriverAction?
    public var rollBack: DriverAction?
    public var restart: DriverAction?
    /// What is done at times of the plan, from the rollout's begin.
    public var events: [DriverEvent] = []
    /// Actions that are under way at a time.
    public var concurrency = 8
    /// How long one action may take, on the machine's clock.
    public var timeout = Nanoseconds.seconds(30)
    /// A rollout of the server's own engine is over once no agent has done anything with a configuration for so long.
    public var quiet = Nanoseconds.minutes(10)

    public init() {}

    /// The action of an event.
    public func action(_ word: DriverEvent.Action) -> DriverAction? {
        switch word {
        case .start: start
        case .pause: pause
        case .resume: resume
        case .rollBack: rollBack
        case .restart: restart
        }
    }
}

/// A command or an HTTP request. `{{instance_uid}}`, `{{instance_uids}}`, `{{configuration}}` and `{{revision}}` in its
/// texts are replaced.
public struct DriverAction: Hashable, Sendable {
    /// A program with its arguments; empty: it is a request.
    public var command: [String] = []
    public var url: String?
    public var method = Method.post
    public var headers: [Named<String>] = []
    /// The fields of a form, which are encoded; they take the place of `body`.
    public var form: [Named<String>] = []
    public var body = ""

    public enum Method: String, CaseIterable, Hashable, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case delete = "DELETE"
    }

    public init() {}

    /// Every text of it that may have words to replace.
    private var texts: [String] { command + [url ?? "", body] + headers.map(\.value) + form.map(\.value) }

    /// Whether it is for one agent at a time.
    public var isForOneAgent: Bool { texts.contains { $0.contains("{{instance_uid}}") } }

    /// The action with its words replaced.
    public func filled(_ values: [String: String]) -> DriverAction {
        func fill(_ text: String) -> String {
            guard text.contains("{{") else { return text }
            return values.reduce(text) { $0.replacing("{{\($1.key)}}", with: $1.value) }
        }
        var action = self
        action.command = command.map(fill)
        action.url = url.map(fill)
        action.headers = headers.map { Named($0.name, fill($0.value)) }
        action.form = form.map { Named($0.name, fill($0.value)) }
        action.body = fill(body)
        return action
    }
}

/// Something that the tester does to the server at a time.
public struct DriverEvent: Hashable, Sendable {
    public enum Action: String, CaseIterable, Hashable, Sendable {
        case start, pause, resume, restart
        case rollBack = "roll-back"
    }

    public var at = Nanoseconds.zero
    public var action = Action.pause

    public init() {}
}
