import AgentModel

/// What has to hold between offered packages, the server that has their files, and the agents that fetch them.
enum PackageRules {
    /// Everything in which they contradict each other; the errors carry no places.
    static func contradictions(in profile: Profile) -> [ProfileError] {
        guard case .embedded(let server) = profile.server else { return [] }
        let fetch = profile.cohorts.contains(where: \.fetchesFiles)
        var found: [ProfileError] = []
        for (index, event) in profile.events.enumerated() {
            guard case .offerPackages(let offer) = event.action else { continue }
            for package in offer.packages {
                guard let what = complaint(package, server, agentsFetch: fetch) else { continue }
                found.append(
                    ProfileError(.contradiction(what), path: "events[\(index)].offer_packages.packages.\(package.name)")
                )
            }
        }
        return found
    }

    private static func complaint(
        _ package: PackageOffer.Package, _ server: EmbeddedServer, agentsFetch: Bool
    ) -> String? {
        switch package.content {
        case .modelled where agentsFetch:
            return "agents really fetch the file of '\(package.name)', and there is none; "
                + "name a `file` of the server's folder, or write `generated: 2MiB`"
        case .modelled where package.flaw != nil:
            return "`wrong` needs a file that agents fetch; name a `file`, or write `generated: 2MiB`"
        case .file where server.packages.folder == nil:
            return "the server has no folder with the file of '\(package.name)'; "
                + "add `server: {embedded: {packages: {folder: ...}}}`"
        case .generated where package.flaw == .signature || package.flaw == .signer:
            return package.isSigned ? nil : "a signature can only be wrong where there is one; write `signed: true`"
        case .modelled, .file, .generated:
            return nil
        }
    }
}
