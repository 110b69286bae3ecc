import AgentModel

/// Reads `gateway`: how many of a cohort's agents connect through each of its gateways.
enum GatewayReading {
    static func members(_ cohort: Section, or standard: Int) -> Int {
        guard let section = cohort.section("gateway") else { return standard }
        if section.value("members") == nil { section.complain(.missingKey("members"), "members", nil) }
        let members = section.integer("members", in: ProfileBounds.gatewayMembers, or: standard)
        section.finish()
        return members
    }
}
