import Basis
import OpAMP
import OrderedCollections
import Testing

@testable import AgentModel

@Suite("Packages whose files are really fetched (spec: Downloading Packages)")
struct FetchTests {
    private func plan(_ change: (inout CohortPlan) -> Void = { _ in }) -> CohortPlan {
        .with {
            $0.capabilities.formUnion([.acceptsPackages, .reportsPackageStatuses])
            $0.heartbeat = HeartbeatPlan(interval: .zero)
            $0.packages = PackagePlan(
                fetch: FetchPlan(), progressInterval: .seconds(1), installTime: .constant(.seconds(2)),
                requiresSignature: true)
            $0.restartTime = .constant(.seconds(1))
            change(&$0)
        }
    }

    private let offer = ServerToAgent(
        packagesAvailable: PackagesAvailable(
            packages: [
                "a": PackageAvailable(
                    type: .addon, version: "1", file: DownloadableFile(downloadURL: "http://files/a", contentHash: [1]),
                    hash: [1]),
                "b": PackageAvailable(
                    type: .addon, version: "2", file: DownloadableFile(downloadURL: "http://files/b", contentHash: [2]),
                    hash: [2]),
            ], allPackagesHash: [9]))

    private func update(_ script: AgentScript, _ number: UInt32, _ event: DownloadUpdate.Event) -> DownloadUpdate {
        DownloadUpdate(agent: script.agent.index, number: number, event: event)
    }

    private func status(_ script: AgentScript, _ name: String) -> PackageStatus? {
        script.allSent.last?.report.packageStatuses?.packages[name]
    }

    @Test("The host gets requests for one file at a time, and its updates are reported as they happen")
    func fetches() throws {
        var script = AgentScript(plan())
        script.run()
        script.receive(offer)
        let request = try #require(script.allSteps.downloads.first)
        #expect(script.allSteps.downloads.count == 1)
        #expect(
            request.file.downloadURL == "http://files/a" && request.requiresSignature
                && request.agent == script.agent.index)
        #expect(request.progressInterval == .seconds(1))
        #expect(status(script, "a")?.status == .downloading && status(script, "b")?.status == .installPending)
        // Nothing is modelled: time alone changes nothing.
        #expect(script.pass(.seconds(100)).isEmpty)
        let progress = DownloadProgress(percent: 40, bytesPerSecond: 1_000)
        script.step { [update = update(script, request.number, .progressed(progress))] in
            $0.downloadTold(update, at: $1, &$2)
        }
        #expect(status(script, "a")?.downloadDetails?.downloadPercent == 40)
        #expect(status(script, "a")?.downloadDetails?.downloadBytesPerSecond == 1_000)
        script.step { [update = update(script, request.number, .ended(.verified))] in
            $0.downloadTold(update, at: $1, &$2)
        }
        #expect(status(script, "a")?.status == .installing && status(script, "a")?.downloadDetails == nil)
        script.pass(.seconds(2))
        #expect(status(script, "a")?.status == .installed && status(script, "a")?.agentHasVersion == "1")
        let second = try #require(script.allSteps.downloads.last)
        #expect(second.file.downloadURL == "http://files/b" && second.number != request.number)
        script.step { [update = update(script, second.number, .ended(.failed("no such file")))] in
            $0.downloadTold(update, at: $1, &$2)
        }
        #expect(status(script, "b")?.status == .installFailed && status(script, "b")?.errorMessage == "no such file")
        #expect(script.agent.state == .running)
        #expect(
            script.allSteps.packageSteps == [
                "offer received", "offer applying", "downloading", "installing", "installed", "downloading", "failed",
                "offer failed",
            ])
    }

    @Test("News of another agent's download, of a former one, or of one that is over, changes nothing")
    func stale() throws {
        var script = AgentScript(plan())
        script.run()
        script.receive(offer)
        let request = try #require(script.allSteps.downloads.first)
        let sent = script.allSent.count
        for (agent, number) in [(request.agent + 1, request.number), (request.agent, request.number &+ 1)] {
            script.step {
                $0.downloadTold(DownloadUpdate(agent: agent, number: number, event: .ended(.verified)), at: $1, &$2)
            }
        }
        #expect(script.allSent.count == sent && status(script, "a")?.status == .downloading)
    }

    @Test("A download continues while the agent is offline; when its process crashes it is cancelled and started again")
    func interrupted() throws {
        var script = AgentScript(plan { $0.reconnect = .fixed(.seconds(5)) })
        script.run()
        script.receive(offer)
        let request = try #require(script.allSteps.downloads.first)
        script.lost()
        #expect(script.allSteps.cancelledDownloads.isEmpty)
        script.step { [update = update(script, request.number, .ended(.verified))] in
            $0.downloadTold(update, at: $1, &$2)
        }
        script.pass(.seconds(5))
        script.opened()
        #expect(status(script, "a")?.status == .installed)
        let second = try #require(script.allSteps.downloads.last)
        script.step { agent, now, effects in
            agent.crash(at: now, &effects)
            agent.setTimer(&effects)
        }
        #expect(script.allSteps.cancelledDownloads == [script.agent.index])
        script.step { [update = update(script, second.number, .ended(.verified))] in
            $0.downloadTold(update, at: $1, &$2)
        }
        script.pass(.seconds(1))
        script.opened()
        script.acknowledge(capabilities: .all)
        script.pass(.seconds(1))
        #expect(script.allSteps.downloads.count == 3)
        #expect(script.allSteps.downloads.last?.file.downloadURL == "http://files/b")
    }

    @Test("An agent that leaves permanently cancels its download")
    func leaves() {
        var script = AgentScript(plan())
        script.run()
        script.receive(offer)
        script.drain()
        script.closed()
        #expect(script.agent.state == .disconnected)
        #expect(script.allSteps.cancelledDownloads == [script.agent.index])
    }

    @Test("Behind a gateway each member's news finds its member")
    func gateway() throws {
        let cohort = Cohort(plan(), seed: 1, unixOrigin: 0)
        var gateway = Gateway(
            leader: Agent(index: 1, cohort: cohort),
            members: [Agent(index: 2, cohort: cohort), Agent(index: 3, cohort: cohort)])
        var effects = Effects()
        gateway.start(at: .zero, &effects)
        gateway.connected(at: .zero, &effects)
        let uid = gateway.members[1].instanceUID
        for answer in [ServerToAgent(instanceUID: .uid(uid), capabilities: .all), offer] {
            var answer = answer
            answer.instanceUID = .uid(uid)
            let bytes = answer.encoded()
            let view = try ServerToAgentView(bytes.span.bytes)
            effects.removeAll()
            gateway.received(view, at: .zero, &effects)
        }
        let request = try #require(effects.list.downloads.first)
        #expect(request.agent == 3)
        effects.removeAll()
        gateway.downloadTold(
            DownloadUpdate(agent: 3, number: request.number, event: .ended(.verified)), at: Instant(nanoseconds: 1),
            &effects
        )
        #expect(effects.list.packageSteps == ["installing"])
        effects.removeAll()
        gateway.downloadTold(
            DownloadUpdate(agent: 2, number: request.number, event: .ended(.verified)), at: Instant(nanoseconds: 1),
            &effects
        )
        #expect(effects.list.packageSteps.isEmpty)
    }

    @Test(
        "Progress is what may be reported: a percentage and a rate",
        arguments: [
            (Double.nan, 0.0), (-1, 0), (50, 50), (101, 100), (.infinity, 0),
        ])
    func progress(percent: Double, reported: Double) {
        #expect(DownloadProgress(percent: percent, bytesPerSecond: .nan).percent == reported)
        #expect(DownloadProgress(percent: percent, bytesPerSecond: .nan).bytesPerSecond == 0)
    }
}

extension [Effect] {
    fileprivate var downloads: [PackageDownload] {
        compactMap { if case .download(let request) = $0 { request } else { nil } }
    }

    fileprivate var cancelledDownloads: [UInt64] {
        compactMap { if case .cancelDownload(let agent) = $0 { agent } else { nil } }
    }
}
