import OpAMP
import OrderedCollections

@testable import AgentModel

/// Watches an agent's downloads, modelled or fetched by the host: one at a time, and never of what is installed
/// already.
struct DownloadLedger {
    /// What was broken, in words.
    private(set) var problems: [String] = []
    /// So many downloads have begun.
    private(set) var begun = 0
    /// What the host is fetching: at most one, where the rule holds.
    private(set) var fetching: [PackageDownload] = []
    private var isUnderWay = false
    private var lastNumber: UInt32 = 0
    private var effectsSeen = 0
    private var reportsSeen = 0

    /// Takes in all that has happened since the last time.
    mutating func follow(_ script: AgentScript) {
        for effect in script.allSteps[effectsSeen...] { take(effect) }
        effectsSeen = script.allSteps.count
        for sent in script.allSent[reportsSeen...] {
            for (name, status) in sent.report.packageStatuses?.packages ?? [:]
            where status.status == .downloading && status.agentHasHash == status.serverOfferedHash {
                problems.append("\"\(name)\" is reported as being downloaded, and is installed")
            }
        }
        reportsSeen = script.allSent.count
        if let (name, package) = script.agent.packages?.downloading,
            script.agent.packages?.installed[name]?.hash == package.hash
        {
            problems.append("\"\(name)\" is being downloaded, and is installed")
        }
    }

    /// The host has told the agent that this one is over.
    mutating func ended(_ request: PackageDownload) {
        fetching.removeAll { $0.number == request.number }
    }

    private mutating func take(_ effect: Effect) {
        switch effect {
        case .package(let step):
            switch step {
            case .downloading:
                if isUnderWay { problems.append("a download began while another was under way") }
                isUnderWay = true
                begun += 1
            case .installing, .failed: isUnderWay = false
            case .installed: break
            }
        case .offer(let step) where step.kind == .packages && step.stage == .failed:
            isUnderWay = false
        case .download(let request):
            if let other = fetching.first {
                problems.append("#\(request.number) was requested while #\(other.number) ran")
            }
            if request.number <= lastNumber { problems.append("#\(request.number) was requested again") }
            lastNumber = request.number
            fetching.append(request)
        case .cancelDownload:
            fetching = []
            isUnderWay = false
        case .stateChanged(let change) where change.cause == .restarted:
            // Unfinished work of the process starts again.
            isUnderWay = false
        default: break
        }
    }
}

extension PackageKeeper {
    /// The package that is being downloaded, as it was offered.
    fileprivate var downloading: (name: String, package: PackageAvailable)? {
        switch sync?.step {
        case .downloading(let name, _, _, _), .fetching(let name, _):
            return sync?.offer.packages[name].map { (name, $0) }
        case nil, .between, .installing: return nil
        }
    }
}
