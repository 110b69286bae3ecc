public import Basis
public import Rollout
public import Schema

/// How a server elsewhere is made to do what the events of a profile ask of the embedded server.
public struct ProfileDriver: Hashable, Sendable {
    /// By the key of the event, such as `offer_config`.
    public var actions: [Named<DriverAction>] = []
    public var concurrency = 8
    public var timeout = Nanoseconds.seconds(30)

    public init() {}
}

extension ProfileDriver: Settings {
    public static let standard = ProfileDriver()

    public static let schema = Schema<ProfileDriver>(
        "profile driver",
        "Commands or HTTP requests by which another server does what events ask of it. Events without one are skipped.",
        [
            Key(
                "actions", \.actions, .map("actions", 0...32, of: .section, names: 1...100),
                "An action for each kind of event, by its key. `{{configuration}}` is the offered configuration, "
                    + "`{{name}}` its name, `{{instance_uid}}` or `{{instance_uids}}` the agents that are meant."),
            Key("concurrency", \.concurrency, .integer(1...256), "The most actions that are under way at a time."),
            Key("timeout", \.timeout, .duration(.milliseconds(100) ... .hours(1)), "How long one action may take."),
        ],
        rules: [
            Rule { driver, check in
                let known = TimedEvent.Action.keysForServers
                for action in driver.actions where !known.contains(action.name) {
                    let hint = Suggestion.nearest(to: action.name, among: known).map { "; did you mean '\($0)'?" } ?? ""
                    check.contradiction(
                        at: "actions.\(action.name)",
                        "'\(Problem.quoted(action.name))' is no event that a server has to do\(hint)")
                }
            }
        ])
}

extension Profile {
    /// The driver's action for an event; nil: there is none, or the server is the run's own.
    func driverAction(_ action: TimedEvent.Action) -> DriverAction? {
        guard case .url = server, action.needsEmbeddedServer else { return nil }
        return driver?.actions.first { $0.name == action.key }?.value
    }
}
