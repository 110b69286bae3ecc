import OpAMP
import OrderedCollections
import Testing

@testable import AgentModel

@Suite("Offers of packages that a shard's agents share")
struct PackageCacheTests {
    private func offer(_ number: Int, version: String = "1") -> PackagesAvailable {
        PackagesAvailable(
            packages: ["collector": PackageAvailable(version: version, hash: [UInt8(number)])],
            allPackagesHash: [UInt8(number)])
    }

    @Test("Each agent gets what it was offered, also where others were offered something else under the same hash")
    func same() {
        var cache = PackageCache()
        for round in 0..<3 {
            for number in 0..<(2 * PackageCache.limit) {
                #expect(cache.offer(offer(number)) == offer(number), "round \(round)")
                #expect(cache.offer(offer(number, version: "2")) == offer(number, version: "2"))
            }
        }
    }
}
