import ControlPlane
import Engine
import Rollout

extension OpAMPServer {
    /// Serves layers and channels from now on, and answers what a tester asks about them. The plan of the server has to
    /// have the labels of the desk.
    /// - Throws: packages that cannot be served, or a server that does not declare such offers.
    public func serve(_ desk: VersionDesk) throws(VersionDeskError) {
        let standing = try desk.standing()
        let hosts = hosts
        let server = VersionDesk.Server(
            touched: { standing, name, isTrial in
                var sum = TouchedAgents()
                for host in hosts {
                    sum = sum + (await host.shard.value { host.serve(standing, changing: name, isTrial: isTrial) })
                }
                return sum
            },
            agent: { uid in
                for host in hosts {
                    if let agent = await host.shard.value({ host.served(uid) }) { return agent }
                }
                return nil
            })
        for host in hosts {
            host.shard.perform { host.versions = { await desk.answer($0, by: server) } }
        }
        steer { registry, now, effects in try? registry.stand(standing, at: now, &effects) }
    }
}
