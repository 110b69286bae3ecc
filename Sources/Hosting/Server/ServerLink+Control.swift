import Basis
import ControlPlane
import Engine
import OpAMP
import OrderedCollections
import Transport

/// Control of the server over HTTP, for a tester: not part of OpAMP.
///
/// `POST /muster/offer?agents=UID,UID` with a configuration as its body offers it to those agents, and without `agents`
/// to all. Layers and channels have their own addresses (`VersionDesk`). Only with `ServerWire.controlCredentials`, and
/// only for requests that show one of them.
extension ServerLink {
    /// Whether the request is for control, and the server has any.
    func isControl(_ head: HTTPRequestHead) -> Bool {
        guard host.wire.controlCredentials != nil, head.target.hasPrefix(ControlRequest.prefix) else { return false }
        return isOffer(head) || host.versions != nil
    }

    private func isOffer(_ head: HTTPRequestHead) -> Bool {
        head.target == ServerHost.offerPath || head.target.hasPrefix(ServerHost.offerPath + "?")
    }

    /// The status for a control request that is refused by its head; nil: it is not.
    func controlRefusal(of head: HTTPRequestHead) -> UInt16? {
        if host.wire.controlCredentials?.admit(head.fields) != true {
            host.wireCounts.unauthorized += 1
            return 401
        }
        return head.method == .post || head.method == .get && !isOffer(head) ? nil : 405
    }

    /// Does what the request asks for.
    func control(_ head: HTTPRequestHead, _ reading: RequestReading) {
        guard !isOffer(head) else { return offer(head, reading) }
        guard let versions = host.versions, var request = ControlRequest(head.method, target: head.target) else {
            return tell(ControlAnswer(400, "the address cannot be read\n"))
        }
        request.body = reading.exchange.body
        let asked = request
        let shard = host.shard
        Task {
            let answer = await versions(asked)
            shard.perform { self.tell(answer) }
        }
    }

    private func tell(_ answer: ControlAnswer) {
        guard case .http(let reading) = stage else { return }
        let fields = answer.form == .json ? ServerLink.json : ServerLink.plainText
        respond(answer.status, fields: fields, body: answer.body.span.bytes, reading)
    }

    /// Offers the body of the request as a configuration.
    private func offer(_ head: HTTPRequestHead, _ reading: RequestReading) {
        let nothing: [UInt8] = []
        guard let uids = Self.agents(of: head.target) else {
            let text = Array("agents: not a list of instance uids, separated by commas\n".utf8)
            return respond(400, fields: HTTPFields(), body: text.span.bytes, reading)
        }
        let file = AgentConfigFile(body: reading.exchange.body, contentType: "text/yaml")
        let config = AgentRemoteConfig(config: AgentConfigMap(configMap: ["offered.yaml": file]))
        host.steerAll? { registry, now, effects in
            // A server that cannot offer it counts no offer: the tester sees that no agent receives any.
            try? registry.assign(config, to: uids.isEmpty ? nil : uids, at: now, &effects)
        }
        respond(204, fields: HTTPFields(), body: nothing.span.bytes, reading)
    }

    /// The agents that a request names; empty: all; nil: they cannot be read.
    private static func agents(of target: String) -> [InstanceUID]? {
        guard let mark = target.firstIndex(of: "?") else { return [] }
        for part in target[target.index(after: mark)...].split(separator: "&") {
            guard part.hasPrefix("agents=") else { continue }
            let words = part.dropFirst("agents=".count).split(separator: ",")
            let uids = words.compactMap { InstanceUID(String($0)) }
            return uids.count == words.count && !uids.isEmpty ? uids : nil
        }
        return []
    }
}
