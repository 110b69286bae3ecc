public import Basis
import OpAMP
import OrderedCollections

/// Processing offers of packages.
extension Agent {
    /// An offer was received (Downloading Packages).
    mutating func packagesOffered(_ offer: PackagesAvailable, at now: Instant, _ effects: inout Effects) {
        guard capabilities.contains(.acceptsPackages) else { return effects.count(.undeclaredCapabilityUsed) }
        if faults.has(.ignoresOffers) { return effects.fault(.ignoresOffers) }
        var keeper = packages ?? PackageKeeper(cohort.plan.packages.installed)
        if offer.allPackagesHash.isEmpty {
            // Without it offers cannot be distinguished, and each would be installed again.
            guard keeper.refuse("the offer has no hash over all packages") else {
                return effects.count(.offerRepeated)
            }
            changes.insert(.packageStatuses)
            return keep(keeper, at: now)
        }
        if keeper.knows(offer) {
            effects.count(.offerRepeated)
            guard keeper.forgive() else { return }
            changes.insert(.packageStatuses)
            return keep(keeper, at: now)
        }
        let offer = effects.packageCache.offer(offer)
        guard keeper.sync == nil else {
            // One offer at a time: of the offers that are received during the work, the newest waits.
            keeper.pending = offer
            return keep(keeper, at: now)
        }
        take(up: offer, &keeper, at: now, &effects)
        keep(keeper, at: now)
        advancePackages(at: now, &effects)
    }

    var packages: PackageKeeper? { extended?.value.packages?.keeper }

    private mutating func keep(_ keeper: PackageKeeper, at now: Instant) {
        let isOtherVersion = keeper.offeredAgentVersion != packages?.offeredAgentVersion
        withExtendedState { $0.packages = .own(Boxed(keeper)) }
        guard isOtherVersion else { return }
        // The version of the agent itself has changed, or a server no longer offers one: the description is sent again.
        changes.insert(.description)
        versionChanged(at: now)
    }

    private mutating func take(
        up offer: PackagesAvailable, _ keeper: inout PackageKeeper, at now: Instant, _ effects: inout Effects
    ) {
        keeper.begin(offer, dependencies: cohort.plan.packages.dependencies, at: now)
        changes.insert(.packageStatuses)
        record([.received, .applying], keeper, at: now, &effects)
    }

    /// Goes on with the packages as far as the time allows.
    mutating func advancePackages(at now: Instant, _ effects: inout Effects) {
        guard var keeper = packages else { return }
        let wasWorking = keeper.sync != nil
        // Every round ends a step, and an offer has finitely many; a pending one is begun at most once a call.
        while keeper.sync != nil, keeper.nextDeadline <= now, isProcessUp {
            advance(&keeper, at: now, &effects)
            keep(keeper, at: now)
            if !isTakingAnswer { reportChanges(at: now, &effects) }
        }
        keep(keeper, at: now)
        let isWorking = keeper.sync != nil
        if !isWorking {
            let settled = effects.packageCache.settled(keeper)
            withExtendedState { $0.packages = .shared(settled) }
        }
        if wasWorking || isWorking {
            workChanged(because: isWorking ? .updateBegan : .updateEnded, at: now, &effects)
        }
    }

    private mutating func advance(_ keeper: inout PackageKeeper, at now: Instant, _ effects: inout Effects) {
        let plan = cohort.plan.packages
        switch keeper.sync?.step {
        case nil:
            return
        case .between:
            guard let (name, package) = keeper.takeNext() else { return finishSync(&keeper, at: now, &effects) }
            begin(name, package, &keeper, at: now, &effects)
        case .downloading(let name, _, let done, _):
            if now < done {
                keeper.progressed(bytes: plan.fileBytes, next: now + plan.progressInterval, at: now)
            } else {
                let problem = downloadProblem(name, keeper)
                downloaded(name, problem.map(DownloadOutcome.failed) ?? .verified, &keeper, at: now, &effects)
            }
        case .fetching:
            return
        case .installing(let name, _):
            if faults.has(.crashesInstalling) {
                effects.fault(.crashesInstalling)
                keeper.interrupted(dependencies: plan.dependencies)
                changes.insert(.packageStatuses)
                effects.append(.package(.failed))
                return crash(at: now, &effects)
            }
            if random.chance(plan.odds.install) {
                failed(name, "the installation failed and the former version was restored", &keeper, at: now, &effects)
            } else {
                installed(name, &keeper, at: now, &effects)
            }
        }
        changes.insert(.packageStatuses)
    }

    private mutating func begin(
        _ name: String, _ package: PackageAvailable, _ keeper: inout PackageKeeper, at now: Instant,
        _ effects: inout Effects
    ) {
        if keeper.hasFile(of: package, named: name) { return beginInstallation(name, &keeper, at: now, &effects) }
        guard let file = package.file, !file.downloadURL.isEmpty else {
            return failed(name, "the offer names no file to download", &keeper, at: now, &effects)
        }
        let plan = cohort.plan.packages
        if let fetch = plan.fetch {
            let number = keeper.beginFetch(name)
            effects.append(.package(.downloading))
            return effects.append(
                .download(
                    PackageDownload(
                        agent: index, number: number, package: name, version: package.version, file: file, plan: fetch,
                        requiresSignature: plan.requiresSignature,
                        progressInterval: plan.progressInterval)))
        }
        let done = now + plan.downloadTime.draw(&random)
        keeper.beginDownload(name, done: done, nextProgress: now + plan.progressInterval, at: now)
        effects.append(.package(.downloading))
    }

    /// The host reports how a download proceeds. Updates of a download that is no longer needed are dropped.
    public mutating func downloadTold(_ update: DownloadUpdate, at now: Instant, _ effects: inout Effects) {
        guard update.agent == index, isProcessUp, var keeper = packages, let name = keeper.fetching(update.number)
        else {
            return
        }
        switch update.event {
        case .progressed(let progress):
            let former = keeper.statuses
            keeper.fetched(progress)
            // A transfer without progress has nothing new to be reported (Agent Status Compression).
            guard keeper.statuses != former else { return }
            keep(keeper, at: now)
            changes.insert(.packageStatuses)
            reportChanges(at: now, &effects)
        case .ended(let outcome):
            changes.insert(.packageStatuses)
            downloaded(name, outcome, &keeper, at: now, &effects)
            keep(keeper, at: now)
            reportChanges(at: now, &effects)
            advancePackages(at: now, &effects)
        }
        setTimer(&effects)
    }

    /// A download, fetched or modelled, is over.
    private mutating func downloaded(
        _ name: String, _ outcome: DownloadOutcome, _ keeper: inout PackageKeeper, at now: Instant,
        _ effects: inout Effects
    ) {
        switch outcome {
        case .verified: beginInstallation(name, &keeper, at: now, &effects)
        case .failed(let reason): failed(name, reason, &keeper, at: now, &effects)
        }
    }

    /// The current download is no longer needed: the process goes down, or the agent ends.
    mutating func abandonFetch(_ effects: inout Effects) {
        guard case .fetching? = packages?.sync?.step else { return }
        effects.append(.cancelDownload(agent: index))
    }

    /// Why a downloaded file cannot be used, as drawn; `nil` where it can.
    private mutating func downloadProblem(_ name: String, _ keeper: PackageKeeper) -> String? {
        let plan = cohort.plan.packages
        if random.chance(plan.odds.download) { return "the download failed" }
        if random.chance(plan.odds.contentHash) { return "the file's content does not have the hash that was offered" }
        let signature = keeper.sync?.offer.packages[name]?.file?.signature ?? []
        if plan.requiresSignature, signature.isEmpty { return "the file is not signed" }
        if !signature.isEmpty, random.chance(plan.odds.signature) { return "the file's signature is not valid" }
        return nil
    }

    private mutating func beginInstallation(
        _ name: String, _ keeper: inout PackageKeeper, at now: Instant, _ effects: inout Effects
    ) {
        keeper.beginInstallation(name, done: now + cohort.plan.packages.installTime.draw(&random))
        effects.append(.package(.installing))
    }

    private mutating func installed(
        _ name: String, _ keeper: inout PackageKeeper, at now: Instant, _ effects: inout Effects
    ) {
        keeper.finishInstallation(name)
        effects.append(.package(.installed))
        // Another version of the agent itself has started.
        if keeper.installed[name]?.type == .topLevel { pipelinesRestarted(at: now) }
    }

    private mutating func failed(
        _ name: String, _ reason: String, _ keeper: inout PackageKeeper, at now: Instant, _ effects: inout Effects
    ) {
        keeper.fail(name, reason, dependencies: cohort.plan.packages.dependencies)
        effects.append(.package(.failed))
    }

    private mutating func finishSync(_ keeper: inout PackageKeeper, at now: Instant, _ effects: inout Effects) {
        let hasFailures = keeper.sync?.hasFailures ?? false
        record(hasFailures ? [.failed] : [.applied, .converged], keeper, at: now, &effects)
        _ = keeper.finishSync()
        guard let next = keeper.pending else { return }
        keeper.pending = nil
        take(up: next, &keeper, at: now, &effects)
    }

    /// The process is back: its work on packages is resumed.
    mutating func packagesInterrupted(at now: Instant) {
        guard var keeper = packages, keeper.sync != nil else { return }
        keeper.interrupted(dependencies: cohort.plan.packages.dependencies)
        keep(keeper, at: now)
    }

    /// The statuses that a report carries.
    var packageStatuses: PackageStatuses {
        packages?.statuses ?? cohort.localPackages
    }

    private func record(
        _ stages: [OfferStage], _ keeper: PackageKeeper, at now: Instant, _ effects: inout Effects
    ) {
        guard let sync = keeper.sync else { return }
        let (number, elapsed) = (sync.offer.allPackagesHash.offerNumber, now - sync.begun)
        for stage in stages {
            effects.append(.offer(OfferStep(kind: .packages, stage: stage, number: number, elapsed: elapsed)))
        }
    }
}
