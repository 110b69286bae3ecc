/// How large the reports of a cohort are.
public struct ReportSizes: Hashable, Sendable {
    /// The body of the effective configuration.
    public var effectiveConfigBytes: Int
    /// Pipelines in the component health tree; each has a receiver, two processors and an exporter.
    public var healthPipelines: Int
    /// Components in the list of available ones.
    public var availableComponents: Int

    /// What a collector with a few pipelines reports: about 6 KiB in all.
    public init(effectiveConfigBytes: Int = 4096, healthPipelines: Int = 2, availableComponents: Int = 40) {
        self.effectiveConfigBytes = min(max(effectiveConfigBytes, 0), Self.maximumConfigBytes)
        self.healthPipelines = min(max(healthPipelines, 0), Self.maximumPipelines)
        self.availableComponents = min(max(availableComponents, 0), Self.maximumComponents)
    }

    /// A profile may test a server's limit of 64 MiB, and somewhat beyond it.
    public static let maximumConfigBytes = 80 * 1024 * 1024
    /// Beyond this a tree is no collector's any more.
    public static let maximumPipelines = 1_000
    /// Beyond this a list is no collector's any more.
    public static let maximumComponents = 10_000
}
