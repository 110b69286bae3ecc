import Basis
import Schema

/// Describes the slow networks of a fleet.
extension PlanSummary {
    var links: [String]? {
        let lines = zip(profile.cohorts, load.parts).compactMap { cohort, part -> String? in
            guard cohort.link != LinkProfile() else { return nil }
            return "  the \(Figures.count(part.agents)) agents of \(cohort.name): \(Self.words(for: cohort.link))"
        }
        return lines.isEmpty ? nil : ["Slow networks, as agents see them"] + lines
    }

    private static func words(for link: LinkProfile) -> String {
        var parts: [String] = []
        if link.latency != .constant(.zero) {
            let isDrawn = if case .constant = link.latency { false } else { true }
            parts.append("\(words(for: link.latency)) each way" + (isDrawn ? ", drawn for each agent" : ""))
        }
        if link.jitter > .zero { parts.append("jitter of up to \(link.jitter) either way") }
        switch (link.bandwidth.up, link.bandwidth.down) {
        case (nil, nil): break
        case (let up?, let down?) where up == down: parts.append("\(ByteRateText.format(up)) in each direction")
        case (let up, let down):
            if let up { parts.append("\(ByteRateText.format(up)) to the server") }
            if let down { parts.append("\(ByteRateText.format(down)) from the server") }
        }
        if link.stalls.share > 0 { parts.append("\(ShareText.format(link.stalls.share)) of the segments lost") }
        return parts.joined(separator: "; ")
    }
}
