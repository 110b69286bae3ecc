import OpAMP
import OrderedCollections

/// In which order the packages of an offer are installed, and which cannot be.
struct InstallationOrder: Hashable, Sendable {
    /// Packages to install, what they need before them.
    private(set) var names: [String] = []
    /// Packages that cannot be installed, with the reason.
    private(set) var refused: OrderedDictionary<String, String> = [:]

    /// - Parameters:
    ///   - wanted: the packages to install.
    ///   - present: those that are installed already and stay.
    init(wanted: [String], present: Set<String>, dependencies: [String: [String]]) {
        let isWanted = Set(wanted)
        var done = present
        var left = wanted
        // Each round takes at least one package out, so there are at most as many rounds as packages.
        while !left.isEmpty {
            var waiting: [String] = []
            for name in left {
                let needs = dependencies[name] ?? []
                if let missing = needs.first(where: { !done.contains($0) && !isWanted.contains($0) }) {
                    refused[name] = "needs the package \"\(missing)\", which is neither installed nor offered"
                } else if let broken = needs.first(where: { refused[$0] != nil }) {
                    refused[name] = "needs the package \"\(broken)\", which cannot be installed"
                } else if needs.allSatisfy(done.contains) {
                    names.append(name)
                    done.insert(name)
                } else {
                    waiting.append(name)
                }
            }
            guard waiting.count < left.count else {
                for name in waiting { refused[name] = "needs packages that need it" }
                break
            }
            left = waiting
        }
    }
}
