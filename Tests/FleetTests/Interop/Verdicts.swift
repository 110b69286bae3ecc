/// What the programs of `Tests/Interop` say, as far as the tests look at it; the names are theirs, in camel case.
struct ServerAddress: Decodable {
    let listening: String
}

/// A command was performed, for so many agents or connections.
struct Acknowledgement: Decodable {
    let did: String
    let agents: Int
}

/// A rule of the specification that was broken.
struct Breach: Decodable, CustomStringConvertible {
    let rule: String
    let count: Int
    let examples: [String]

    var description: String { "\(rule) (\(count) times): \(examples.joined(separator: "; "))" }
}

/// `opamp_server.py` about the agents it had.
struct ServerVerdict: Decodable {
    let agents: Int
    let connected: Int
    let reports: Int
    let heartbeats: Int
    let agentDisconnects: Int
    let configStatusOfOffer: [String: Int]
    let counts: [String: Int]
    let violations: [Breach]
    let advice: [Breach]
}

/// `opamp_clients.py` and `opamp_official_client.py` about the server they had.
struct ClientsVerdict: Decodable {
    struct Check: Decodable {
        let name: String
        let ok: Bool
        let detail: String
    }

    let ok: Bool
    let agents: Int
    let checks: [Check]
    let violations: [Breach]?
    let failures: [String]?
    let errors: [String]?

    /// Whatever went wrong, in words.
    var complaints: [String] {
        checks.filter { !$0.ok }.map { "\($0.name): \($0.detail)" } + (violations ?? []).map(\.description)
            + (failures ?? []) + (errors ?? [])
    }
}
