public import AgentModel
import Basis
public import Schema

extension LeaveMethod {
    var sentence: String {
        switch self {
        case .agentDisconnect: "agent_disconnect, then the closing handshake, as the specification asks for."
        case .close: "The WebSocket closing handshake without agent_disconnect."
        case .fin: "The end of the TCP stream without a Close frame, as of a process that ends."
        case .reset: "A reset of the TCP connection."
        case .silent: "Nothing: the socket stays open and half-open, as of a host that is lost."
        }
    }
}

/// The ways to leave, each with its part.
struct LeaveMix: Settings {
    var agentDisconnect = 0.0
    var close = 0.0
    var fin = 0.0
    var reset = 0.0
    var silent = 0.0

    static let standard = LeaveMix()
    static let schema = Schema<LeaveMix>(
        "ways to leave",
        "Ways to leave, each with its share of the agents that leave; the shares need not add up to 1.",
        [
            Key("agent_disconnect", \.agentDisconnect, .share, LeaveMethod.agentDisconnect.sentence),
            Key("close", \.close, .share, LeaveMethod.close.sentence),
            Key("fin", \.fin, .share, LeaveMethod.fin.sentence),
            Key("reset", \.reset, .share, LeaveMethod.reset.sentence),
            Key("silent", \.silent, .share, LeaveMethod.silent.sentence),
        ],
        rules: [
            Rule { mix, check in
                guard mix.shares.isEmpty else { return }
                check.contradiction("no way to leave has a share; give one, such as `agent_disconnect: 100%`")
            }
        ])

    static let kind = Kind<[LeavePlan.Share]>.oneOf(
        wanted: LeaveMethod.allCases.map(\.rawValue).joined(separator: " or ")
    ) { forms in
        let method = forms.scalar(Kind<LeaveMethod>.word { $0.sentence }, "All in one way.") { [LeavePlan.Share($0)] }
        let mix = forms.section("Mixed by shares.") { (mix: LeaveMix) in mix.shares }
        return { shares in
            if shares.count == 1, let only = shares.first, only.weight == 1 { return method(only.method) }
            return mix(LeaveMix(shares))
        }
    }

    init() {}

    init(_ shares: [LeavePlan.Share]) {
        for share in shares { self[share.method] = share.weight }
    }

    var shares: [LeavePlan.Share] {
        LeaveMethod.allCases.filter { self[$0] > 0 }.map { LeavePlan.Share($0, weight: self[$0]) }
    }

    private subscript(method: LeaveMethod) -> Double {
        get {
            switch method {
            case .agentDisconnect: agentDisconnect
            case .close: close
            case .fin: fin
            case .reset: reset
            case .silent: silent
            }
        }
        set {
            switch method {
            case .agentDisconnect: agentDisconnect = newValue
            case .close: close = newValue
            case .fin: fin = newValue
            case .reset: reset = newValue
            case .silent: silent = newValue
            }
        }
    }
}

extension LeavePlan.Sequel {
    private static let times = Distribution.kind(.zero ... .days(31))

    static let kind = Kind<LeavePlan.Sequel>.oneOf(wanted: "gone, {back: 30s} or {replaced: 5s}") { forms in
        let gone = forms.word("gone", .gone, "The agents have ended.")
        let back = forms.key(
            "back", times, "Their processes start again after that time, as the same agents."
        ) { .back($0) }
        let replaced = forms.key(
            "replaced", times,
            "After that time new agents start in their place: another instance uid and host name, the same attributes."
        ) { .replaced($0) }
        return { sequel in
            switch sequel {
            case .gone: gone
            case .back(let pause): back(pause)
            case .replaced(let pause): replaced(pause)
            }
        }
    }
}

extension LeavePlan: Settings {
    public static let standard = LeavePlan()

    static let keys: [Key<LeavePlan>] = [
        Key("by", \.methods, LeaveMix.kind, "How they leave."),
        Key("then", \.sequel, Sequel.kind, "What follows for them."),
    ]

    public static let schema = Schema<LeavePlan>("leave", "How agents leave, and what follows.", keys)

    /// A way to leave, or the section.
    static let shortKind = Kind<LeavePlan>.oneOf(
        wanted: LeaveMethod.allCases.map(\.rawValue).joined(separator: " or ")
    ) { forms in
        let method = forms.scalar(Kind<LeaveMethod>.word { $0.sentence }, "In that way, and gone.") { LeavePlan($0) }
        let section = forms.section("In several ways, or with what follows.")
        return { plan in
            if plan.sequel == .gone, plan.methods.count == 1, let only = plan.methods.first, only.weight == 1 {
                return method(only.method)
            }
            return section(plan)
        }
    }
}
