import AgentModel
import Basis

/// Reads `remote_config`: how agents take the configurations that a server offers.
enum RemoteConfigReading {
    private enum Reaction: String, CaseIterable {
        case restartPipelines = "restart-pipelines"
        case restartAgent = "restart-agent"
    }

    static func remoteConfig(_ cohort: Section, or standard: RemoteConfigPlan) -> RemoteConfigPlan {
        guard let section = cohort.section("remote_config") else { return standard }
        var plan = standard
        plan.applyTime = section.distribution("apply_time", or: plan.applyTime)
        plan.failureOdds = section.share("failure_share", or: plan.failureOdds)
        if case .scalar("any", _)? = section.value("allowed_settings")?.shape {
            plan.allowedSettings = nil
        } else if let settings = section.texts("allowed_settings", ProfileBounds.settings, of: "settings") {
            plan.allowedSettings = settings
        }
        plan.historyLimit = section.integer("history_limit", in: ProfileBounds.configHistory, or: plan.historyLimit)
        if let items = section.items("watchers", ProfileBounds.settings, of: "watchers") {
            plan.watchers = items.map { item in
                let watcher = Section(item.tree, path: item.path, problems: section.problems)
                if watcher.value("setting") == nil { watcher.complain(.missingKey("setting"), "setting", nil) }
                let setting = watcher.text("setting", bytes: 1...1_000, or: "")
                let reaction = watcher.word("reaction", or: Reaction.restartPipelines)
                watcher.finish()
                return ConfigWatcher(
                    setting: setting, reaction: reaction == .restartAgent ? .restartAgent : .restartPipelines)
            }
        }
        section.finish()
        return plan
    }

    /// How the reaction of a watcher is written.
    static func word(for reaction: ConfigWatcher.Reaction) -> String {
        switch reaction {
        case .restartPipelines: return Reaction.restartPipelines.rawValue
        case .restartAgent: return Reaction.restartAgent.rawValue
        }
    }
}
