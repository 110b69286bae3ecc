import Basis
import Engine
public import Schema

extension LinkProfile: Settings {
    public static let standard = LinkProfile()

    static let kind = Kind<LinkProfile>.oneOf { forms in
        _ = forms.word("none", LinkProfile(), "No network but the machine's own.")
        let section = forms.section("A slow network.")
        return { section($0) }
    }

    public static let schema = Schema<LinkProfile>(
        "link",
        "The slow network between an agent and its server: it delays the bytes of the agent's socket, below TLS.",
        [
            Key(
                "latency", \.latency, Distribution.kind(.zero ... .seconds(30)),
                "The time of a byte on its way, each way; a drawn one is drawn once for each agent."),
            Key(
                "jitter", \.jitter, .duration(.zero ... .seconds(10)),
                "By how much the time may be shorter or longer, drawn evenly for each segment; bytes stay in order."),
            Key("bandwidth", \.bandwidth, Bandwidth.kind, "The bandwidth of each connection."),
            Key("stalls", \.stalls, .section),
        ])
}

extension LinkProfile.Bandwidth: Settings {
    public static let standard = LinkProfile.Bandwidth()

    static let kind = Kind<LinkProfile.Bandwidth>.oneOf(
        wanted: "unlimited, a rate such as 64KiB/s, or {up: 32KiB/s, down: 256KiB/s}"
    ) { forms in
        let unlimited = forms.word("unlimited", LinkProfile.Bandwidth(), "No limit.")
        let both = forms.scalar(.byteRate, "The same in both directions.") {
            LinkProfile.Bandwidth(up: $0, down: $0)
        }
        let each = forms.section("Each direction by itself.")
        return { bandwidth in
            switch (bandwidth.up, bandwidth.down) {
            case (nil, nil): unlimited
            case (let up?, let down?) where up == down: both(up)
            default: each(bandwidth)
            }
        }
    }

    public static let schema = Schema<LinkProfile.Bandwidth>(
        "bandwidth", "The bandwidth of each direction of a connection.",
        [
            Key("up", \.up, .optional(.byteRate, none: "unlimited"), "From the agent to its server."),
            Key("down", \.down, .optional(.byteRate, none: "unlimited"), "From the server to the agent."),
        ])
}

extension LinkProfile.Stalls: Settings {
    public static let standard = LinkProfile.Stalls()

    public static let schema = Schema<LinkProfile.Stalls>(
        "stalls", "Segments that are lost and sent again, which an agent sees as a pause.",
        [
            Key("share", \.share, .share, "The share of segments that are lost, up to 50%."),
            Key(
                "timeout", \.timeout, .duration(.milliseconds(1) ... .seconds(60)),
                "How long after a round trip a lost segment is sent again; twice as long each time it is lost again."),
        ])
}

/// What has to hold between the network and the rest of a profile.
enum LinkRules {
    static let rules: [Rule<Profile>] = [
        Rule { profile, check in
            for (cohort, check) in check.each(\.cohorts, in: profile) {
                let link = cohort.link
                if link.stalls.share > 0.5 {
                    check.contradiction(
                        at: "link.stalls.share", "more than half of the segments would be lost; write 50% or less")
                }
                // TCP, then the upgrade or the first request.
                if link.minRoundTrip * 2 >= profile.limits.connectTimeout {
                    check.contradiction(
                        at: "link.latency",
                        "two round trips take \(link.minRoundTrip * 2), so that no agent could connect within "
                            + "`limits.connect_timeout` (\(profile.limits.connectTimeout)); raise that")
                } else if link.minRoundTrip >= profile.limits.answerTimeout {
                    check.contradiction(
                        at: "link.latency",
                        "a round trip takes \(link.minRoundTrip), so that no answer could come within "
                            + "`limits.answer_timeout` (\(profile.limits.answerTimeout)); raise that")
                }
            }
        }
    ]
}
