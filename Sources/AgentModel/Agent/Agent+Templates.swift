/// What a profile words differently for each agent.
extension Agent {
    /// `template` with this agent's number, cohort, zone and present instance uid.
    public func filled(_ template: Template) -> String {
        template.filled(
            for: TemplateSubject(
                index: index, cohort: cohort.plan.name, zone: cohort.zone(of: index), instanceUID: instanceUID))
    }
}
