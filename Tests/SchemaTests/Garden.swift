import Basis
import Schema

/// A document with every kind of key, for the tests of this target.
struct Garden: Settings {
    var name = "garden"
    var note = ""
    var seed: UInt64 = 1
    var beds = 4
    var water: Int? = 10 << 20
    var gate: Nanoseconds?
    var fence = Fence()
    var plan = Plan.fallow
    var plots = [Plot()]
    var days: [Day] = []
    var labels: [Named<String>] = []

    static let standard = Garden()

    enum Day: String, CaseIterable { case monday, tuesday, sunday }

    static let schema = Schema<Garden>(
        "garden", "A document for tests.",
        [
            Key("name", \.name, .name, "Its name."),
            Key("note", \.note, .text(0...100), "Text.", omitsDefault: true),
            Key("seed", \.seed, .seed, "A seed.", option: "--seed"),
            Key("beds", \.beds, .integer(0...9), "How many beds.", option: "--beds", was: "rows"),
            Key("water", \.water, .optional(.byteRate, none: "none"), "How much water."),
            Key("gate", \.gate, .optional(.wholeSeconds(.seconds(1) ... .seconds(60))), "How long it is open."),
            Key("fence", \.fence, .section, "The fence."),
            Key("plan", \.plan, Plan.kind, "What is planted."),
            .list("plots", \.plots, "plots", 1...3, "Parts of it.", common: Plot.common),
            Key("days", \.days, .list("days", 0...3, of: .word, unique: true), "When."),
            Key("labels", \.labels, .map("labels", 0...2, of: .text(0...10)), "Names and texts."),
        ],
        rules: [
            Rule { garden, check in
                if garden.fence.gates > garden.beds { check.contradiction(\.fence.gates, "more gates than beds") }
                if garden.days.first == .sunday { check.contradiction(at: "days[0]", "not on sunday first") }
                for (plot, check) in check.each(\.plots, in: garden) where plot.shade > 0.5 {
                    check.contradiction(\.shade, "the plot '\(plot.name)' is too dark")
                }
            }
        ])

    struct Fence: Settings {
        var height = 1.5
        var gates = 1

        static let standard = Fence()
        static let schema = Schema<Fence>(
            "fence", "The fence.",
            [
                Key("height", \.height, .decimal(0...3), "In metres."),
                Key("gates", \.gates, .integer(0...9), "How many gates.", option: "--gates"),
            ],
            completing: { fence, given in if !given(\.gates), fence.height == 0 { fence.gates = 0 } })
    }

    struct Plot: Settings {
        var name = "plot"
        var shade = 0.0
        var tools: [Named<Int>] = []
        var growth = Growth.fast(.share(0.5))

        static let standard = Plot()
        static let common: [Key<Plot>] = [
            Key("shade", \.shade, .share, "How much shade.", option: "--shade"),
            Key("tools", \.tools, .map("tools", 0...3, of: .size(1...1024), replaces: false), "Sizes by name."),
        ]
        static let schema = Schema<Plot>(
            "plot", "A part.",
            [Key("name", \.name, .name, "Its name.", required: true)] + common + [
                .oneOf(\.growth, "a plot", Growth.kind)
            ])
    }

    enum Growth: Hashable, Sendable {
        case fast(Time)
        case slow(String)

        static let kind = Kind<Growth>.oneOf { forms in
            let fast = forms.key("fast", Time.kind, "Soon.", Growth.fast)
            let slow = forms.key("slow", .text(0...9), "Late.", since: "1.1", Growth.slow)
            return { value in
                switch value {
                case .fast(let time): fast(time)
                case .slow(let text): slow(text)
                }
            }
        }
    }

    enum Time: Hashable, Sendable {
        case share(Double)
        case after(Nanoseconds)

        static let kind = Kind<Time>.oneOf(wanted: "a time such as 30s or 50%") { forms in
            let share = forms.scalar(.share, "A share.", Time.share) { $0.hasSuffix("%") }
            let after = forms.scalar(.duration(.zero ... .seconds(9)), "A time.", Time.after)
            return { value in
                switch value {
                case .share(let part): share(part)
                case .after(let span): after(span)
                }
            }
        }
    }

    enum Plan: Hashable, Sendable {
        case fallow
        case rows(Fence)
        case tree(Fence)

        static let kind = Kind<Plan>.oneOf(tag: "form") { forms in
            let fallow = forms.word("fallow", .fallow, "Nothing.")
            let rows = forms.tag("rows", "In rows.", Plan.rows)
            let tree = forms.tag("tree", "A tree.", Plan.tree)
            return { value in
                switch value {
                case .fallow: fallow
                case .rows(let fence): rows(fence)
                case .tree(let fence): tree(fence)
                }
            }
        }
    }
}

/// The errors of a document, or none.
func problems(_ text: String, overrides: [Override] = []) -> [String] {
    do throws(Problems) {
        _ = try Garden.schema.read(Array(text.utf8), source: "test", overrides: overrides)
        return []
    } catch {
        return error.list.map(\.description)
    }
}
