import Basis
import ControlPlane
import Hosting
import Metrics
import OpAMP
import OpenSSL
import OrderedCollections
import Synchronization

/// An order of the profile to the embedded server during a run, made once and executed by each of its shards.
enum ServerOrder: Sendable {
    case offer(Offer, to: Selection)
    case withdraw(OfferKind, revision: UInt32)
    case restart(Selection)
    case send(CustomMessage, to: Selection)
    case rotateCertificates(CertificateRotation, of: Selection)
    case revokeCertificates(of: Selection)

    /// The order for the profile's event of that number; nil if the event needs no action of the server.
    /// - Parameters:
    ///   - catalogue: the package files that the server has; nil where there are none.
    ///   - configs: the files of offered configurations.
    init?(
        _ profile: Profile, event index: Int, catalogue: PackageCatalogue? = nil, configs: ConfigFiles = ConfigFiles()
    ) {
        let revision = UInt32(clamping: index + 1)
        // Offers nest: the agents of a tenth are among those of a half, as in a rollout in stages.
        let nested = profile.seed
        let drawn = profile.seed &+ UInt64(revision) &* 0x9E37_79B9_7F4A_7C15
        switch profile.events[index].action {
        case .dropConnections, .leave, .partition, .reportStatus, .restart:
            return nil
        case .offerConfig(let offer):
            let config = AgentRemoteConfig(config: AgentConfigMap(offer, number: revision, configs))
            self = .offer(Offer(revision: revision, .remoteConfig(config)), to: Selection(offer.target, salt: nested))
        case .offerPackages(let offer):
            let packages = PackagesAvailable(offer, catalogue)
            self = .offer(Offer(revision: revision, .packages(packages)), to: Selection(offer.target, salt: nested))
        case .offerHeartbeat(let interval, let target):
            let settings = OpAMPConnectionSettings(
                heartbeatIntervalSeconds: UInt64(max(interval.count / 1_000_000_000, 0)))
            let offer = Offer(revision: revision, .connectionSettings(ConnectionSettingsOffers(opamp: settings)))
            self = .offer(offer, to: Selection(target, salt: nested))
        case .withdrawConfig(let name):
            guard let revision = profile.revision(of: name, "offer_config") else { return nil }
            self = .withdraw(.remoteConfig, revision: revision)
        case .withdrawPackages(let name):
            guard let revision = profile.revision(of: name, "offer_packages") else { return nil }
            self = .withdraw(.packages, revision: revision)
        case .offerConnection(let offer):
            let settings = ConnectionSettingsOffers(offer, heartbeat: profile.offeredHeartbeat)
            self = .offer(
                Offer(revision: revision, .connectionSettings(settings)), to: Selection(offer.target, salt: nested))
        case .withdrawConnection(let name):
            guard let revision = profile.revision(of: name, "offer_connection") else { return nil }
            self = .withdraw(.connectionSettings, revision: revision)
        case .restartAgents(let target):
            self = .restart(Selection(target, salt: drawn))
        case .rotateCertificates(let rotation, let target):
            self = .rotateCertificates(rotation, of: Selection(target, salt: nested))
        case .revokeCertificates(let target):
            self = .revokeCertificates(of: Selection(target, salt: nested))
        case .sendCustom(let word, let target):
            self = .send(word.message, to: Selection(target, salt: drawn))
        }
    }

    /// The same order with the address of the run's server where an offer names it as `{{server}}`: known only once it
    /// listens.
    /// - Parameter telemetry: what exporters of telemetry have to show to that server, unless the offer says otherwise.
    func addressed(to authority: String, telemetry: Headers? = nil) -> ServerOrder {
        guard case .offer(let offer, let selection) = self, case .connectionSettings(var settings) = offer.content
        else {
            return self
        }
        if let telemetry { settings.showing(telemetry, where: { $0.contains(ConnectionOffer.serverMark) }) }
        settings.replaceEndpoints { $0.replacing(ConnectionOffer.serverMark, with: authority) }
        // The hash is of what is really offered.
        settings.hash = []
        return .offer(Offer(revision: offer.revision, .connectionSettings(settings)), to: selection)
    }

    /// Starts the clock of the wave that the order begins.
    func begin(on clocks: WaveClocks, label: String, at now: Instant) {
        switch self {
        case .offer(let offer, _):
            clocks.begin(offer.kind, number: offer.hash.offerNumber, label: label, at: now)
        case .withdraw(let kind, _): clocks.beginAgain(kind, label: label, at: now)
        case .restart, .send, .rotateCertificates, .revokeCertificates: break
        }
    }

    /// Has the whole server do it.
    /// - Parameter refusals: where a refusal is counted, once for each shard.
    func carryOut(by server: OpAMPServer, refusals: RefusedOrders) {
        switch self {
        case .rotateCertificates(let rotation, let selection): server.rotateCertificates(of: selection, rotation)
        case .revokeCertificates(let selection): Task { await server.revokeCertificates(of: selection) }
        case .offer, .withdraw, .restart, .send:
            server.steer { registry, now, effects in
                do {
                    try carryOut(&registry, at: now, &effects)
                } catch {
                    refusals.add(error)
                }
            }
        }
    }

    /// Gives the order to one shard of the server. Certificates are not the matter of a registry alone: nothing
    /// happens.
    /// - Throws: `OfferError` or `NoticeError`. The check of profiles leaves few orders that a server could refuse.
    func carryOut(_ registry: inout Registry, at now: Instant, _ effects: inout ServerEffects) throws {
        switch self {
        case .offer(let offer, let selection): try registry.offer(offer, to: selection, at: now, &effects)
        case .withdraw(let kind, let revision): try registry.withdraw(kind, revision: revision, at: now, &effects)
        case .restart(let selection): registry.restart(selection, at: now, &effects)
        case .send(let message, let selection): try registry.send(message, to: selection, at: now, &effects)
        case .rotateCertificates, .revokeCertificates: break
        }
    }
}

/// The orders that the embedded server has refused: counted on its shards, read by the run.
final class RefusedOrders: Sendable {
    private let state = Mutex<(count: UInt64, reason: String?)>((0, nil))

    func add(_ error: any Error) {
        state.withLock { $0 = ($0.count + 1, $0.reason ?? "\(error)") }
    }

    /// How many there are, and why the first was refused.
    var all: (count: UInt64, reason: String?) { state.withLock { $0 } }
}

extension Profile {
    /// The number of the offer of that name.
    fileprivate func revision(of name: String, _ key: String) -> UInt32? {
        events.firstIndex { $0.action.key == key && $0.action.offerName == name }.map { UInt32(clamping: $0 + 1) }
    }
}

extension Selection {
    init(_ target: EventTarget, salt: UInt64) {
        self = target.share < 1 ? .share(target.share, salt: salt) : .all
        for attribute in target.attributes {
            let condition = Selection.attribute(attribute.key, equals: attribute.text)
            self = self == .all ? condition : .both(self, condition)
        }
    }
}

extension AgentConfigMap {
    fileprivate init(_ offer: ConfigOffer, number: UInt32, _ configs: ConfigFiles) {
        self.init()
        for file in offer.files {
            let body = configs.bytes(of: file.body, number: number)
            configMap[file.name] = AgentConfigFile(body: body, contentType: offer.contentType)
        }
    }
}

extension PackagesAvailable {
    fileprivate init(_ offer: PackageOffer, _ catalogue: PackageCatalogue?) {
        self.init()
        for package in offer.packages {
            if let file = catalogue?.file(of: package) {
                packages[package.name] = PackageAvailable(
                    type: package.form == .addon ? .addon : .topLevel, version: package.version, file: file)
                continue
            }
            // Downloads are modelled: the address leads nowhere, and the content is known by its hash alone.
            let content = Array("\(package.name) \(package.version)".utf8)
            let file = DownloadableFile(
                downloadURL: "https://packages.invalid/" + PercentEncoding.path("\(package.name)/\(package.version)"),
                contentHash: SHA256.hash(of: content),
                signature: package.isSigned ? SHA256.hash(of: Array("signature of ".utf8) + content) : [])
            packages[package.name] = PackageAvailable(
                type: package.form == .addon ? .addon : .topLevel, version: package.version, file: file)
        }
    }
}

extension CustomWord {
    var message: CustomMessage {
        switch self {
        case .pause: .pause
        case .resume: .resume
        case .findServices: .findServices
        case .echo: .echo(Array("echo".utf8))
        }
    }
}
