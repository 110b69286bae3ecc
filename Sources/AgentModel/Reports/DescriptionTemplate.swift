public import OpAMP

/// What the agents of a cohort say they are (AgentDescription Message), as templates that are filled when a report
/// needs it.
public struct DescriptionTemplate: Hashable, Sendable {
    /// One attribute of the description.
    public struct Attribute: Hashable, Sendable {
        public var key: String
        public var value: Template

        public init(key: String, value: Template) {
            self.key = key
            self.value = value
        }
    }

    public var identifying: [Attribute]
    public var nonIdentifying: [Attribute]

    public init(identifying: [Attribute], nonIdentifying: [Attribute]) {
        self.identifying = identifying
        self.nonIdentifying = nonIdentifying
    }

    /// The attribute with the version of the agent.
    public static let versionKey = "service.version"

    /// The version of an agent of which nothing else is said.
    public static let collectorVersion = "0.114.0"

    /// An OpenTelemetry Collector on a Linux host in some cloud, under its supervisor.
    public static let collector = DescriptionTemplate(
        identifying: [
            .init("service.name", .literal("io.opentelemetry.collector")),
            .init("service.namespace", .cohort),
            .init(versionKey, .literal(collectorVersion)),
            .init("service.instance.id", .instanceUID),
        ],
        nonIdentifying: [
            .init("os.type", .literal("linux")),
            .init("os.version", .literal("12")),
            .init("os.description", .literal("Debian GNU/Linux 12 (bookworm)")),
            .init("host.arch", .literal("amd64")),
            .init("host.name", .cohort, .literal("-"), .index, .replacement),
            .init("cloud.region", .region),
            .init("cloud.availability_zone", .zone),
        ])

    /// Whether the description changes when the agent gets another instance uid.
    var namesInstanceUID: Bool {
        identifying.contains { $0.value.namesInstanceUID } || nonIdentifying.contains { $0.value.namesInstanceUID }
    }

    func filled(for subject: TemplateSubject) -> AgentDescription {
        AgentDescription(
            identifyingAttributes: identifying.map { $0.filled(for: subject) },
            nonIdentifyingAttributes: nonIdentifying.map { $0.filled(for: subject) })
    }
}

extension DescriptionTemplate.Attribute {
    init(_ key: String, _ segments: Template.Segment...) {
        self.init(key: key, value: Template(segments: segments))
    }

    fileprivate func filled(for subject: TemplateSubject) -> KeyValue {
        KeyValue(key: key, value: .string(value.filled(for: subject)))
    }
}

/// Where the descriptions of a cohort come from.
public enum DescriptionSource: Sendable {
    case template(DescriptionTemplate)
    /// Made by the host for agent `index` with its present instance uid; must be a pure function of the two.
    case made(@Sendable (_ index: UInt64, _ instanceUID: InstanceUID) -> AgentDescription)

    /// Whether an agent must send its description again when it gets another instance uid. A maker is assumed to use
    /// it.
    var namesInstanceUID: Bool {
        switch self {
        case .template(let template): return template.namesInstanceUID
        case .made: return true
        }
    }
}
