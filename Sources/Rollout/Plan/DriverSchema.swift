import Basis
public import Schema

extension Kind<String> {
    /// An address; `none` is the word for no address.
    fileprivate static var address: Kind {
        .text(1...4_096).checked {
            $0 == "none" ? "it is no address" : nil
        } mend: {
            $0 == "none" ? "http://127.0.0.1" : $0
        }
    }
}

extension DriverPlan: Settings {
    public static let standard = DriverPlan()

    public static let schema = Schema<DriverPlan>(
        "driver",
        "How a server that is not Muster's own is made to act. With `offer` the plan's controller drives the rollout; "
            + "with `start` the server's own engine does, and is judged.",
        [
            Key(
                "server", \.server, .optional(.address, none: "none"),
                "The server's OpAMP endpoint, such as `ws://127.0.0.1:4320/v1/opamp`."),
            Key(
                "revision", \.revision, .text(1...1_000_000),
                "The new configuration. Agents know it by this text: no other configuration may contain it.",
                required: true),
            Key("former", \.former, .text(0...1_000_000), "The configuration before the rollout, for taking it back."),
            Key(
                "offer", \.offer, .optional(.section, none: "none"),
                "Offers `{{configuration}}` to the agent `{{instance_uid}}`, or to all of `{{instance_uids}}`, which "
                    + "are separated by commas."),
            Key("start", \.start, .optional(.section, none: "none"), "Has the server's own engine begin."),
            Key("pause", \.pause, .optional(.section, none: "none"), "Has the engine pause."),
            Key("resume", \.resume, .optional(.section, none: "none"), "Has the engine resume."),
            Key("roll_back", \.rollBack, .optional(.section, none: "none"), "Has the engine roll back."),
            Key(
                "restart", \.restart, .optional(.section, none: "none"),
                "Restarts the server, at the restarts of the plan's world."),
            Key("events", \.events, .list("events", 0...100, of: .section), "What is done at given times."),
            Key("concurrency", \.concurrency, .integer(1...256), "The most actions that are under way at a time."),
            Key(
                "timeout", \.timeout, .duration(.milliseconds(100) ... .hours(1)),
                "How long one action may take, on the machine's clock."),
            Key(
                "quiet", \.quiet, .duration(.seconds(1) ... .days(31)),
                "The server's own rollout is over once no agent has received or applied anything for so long."),
        ],
        rules: [
            Rule { driver, check in
                if (driver.offer == nil) == (driver.start == nil) {
                    check.contradiction(\.offer, "name either `offer` or `start`: who drives the rollout")
                }
                if !driver.former.isEmpty, driver.former.contains(driver.revision) {
                    check.contradiction(\.former, "it contains `revision`, so agents could not tell the two apart")
                }
                for (number, event) in driver.events.enumerated() where driver.action(event.action) == nil {
                    check.contradiction(
                        at: "events[\(number)].do", "the driver has no action for it; add `\(event.action.key)`")
                }
            }
        ])
}

extension DriverEvent.Action {
    /// The key of a driver that has its action.
    fileprivate var key: String { self == .rollBack ? "roll_back" : rawValue }
}

extension DriverAction: Settings {
    public static let standard = DriverAction()

    private static let texts = Kind<[Named<String>]>.map("fields", 0...64, of: .text(0...1_000_000), names: 1...1_000)

    public static let schema = Schema<DriverAction>(
        "driver action", "A command, or an HTTP request whose status has to be below 400.",
        [
            Key(
                "run", \.command, .list("words", 0...256, of: .text(0...100_000)),
                "A program with its arguments; its exit code has to be 0. There is no shell."),
            Key("url", \.url, .optional(.address, none: "none"), "The address of a request, with http://."),
            Key("method", \.method, .word { _ in "" }, "The method of the request."),
            Key("headers", \.headers, texts, "Further header fields."),
            Key("form", \.form, texts, "The fields of a form, which are encoded and sent as the body."),
            Key("body", \.body, .text(0...1_000_000), "The body, where there is no form."),
        ],
        rules: [
            Rule { action, check in
                if action.command.isEmpty == (action.url == nil) {
                    check.contradiction(\.command, "name either a command (`run`) or a request (`url`)")
                }
                if let url = action.url, !url.hasPrefix("http://") {
                    check.contradiction(\.url, "requests are sent over http://; use a command for anything else")
                }
            }
        ])
}

extension DriverEvent: Settings {
    public static let standard = DriverEvent()

    public static let schema = Schema<DriverEvent>(
        "driver event", "Something that is done to the server at a time.",
        [
            Key("at", \.at, .duration(RolloutPlan.times), "When, from the rollout's begin.", required: true),
            Key("do", \.action, .word { $0.sentence }, "What.", required: true),
        ])
}

extension DriverEvent.Action {
    fileprivate var sentence: String {
        switch self {
        case .start: "The engine begins."
        case .pause: "The engine pauses."
        case .resume: "The engine resumes."
        case .restart: "The server restarts."
        case .rollBack: "The engine rolls back."
        }
    }
}
