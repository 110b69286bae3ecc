import AgentModel
import Basis
import Foundation
public import Hosting
import Transport

/// What a run reads before its first connection: the secrets that its profile only names.
struct WireSetup {
    /// What all agents send.
    let fields: HTTPFields
    /// What each agent sends of its own.
    let agentFields: AgentFields
    let proxy: ProxyRoute?
    let compression: WireCompression

    /// - Throws: `RunError`, which names where a secret was to come from, and never the secret.
    /// - Parameter agents: how many there are in the whole fleet, for files with a line an agent.
    init(_ wire: WireProfile, agents: Int) throws(RunError) {
        let all = try Self.fields(wire.headers, wire.auth, "Authorization", agents: agents)
        (fields, agentFields) = (all.common, all)
        if let proxy = wire.proxy {
            let fields = try Self.fields(proxy.headers, proxy.auth, "Proxy-Authorization", agents: 1)
            guard fields.isCommon else {
                throw .secret("the proxy's credentials name an agent ('{{'), but its connections are shared by all")
            }
            self.proxy = ProxyRoute(fields: fields.common)
        } else {
            proxy = nil
        }
        compression = WireCompression(wire.compression)
    }

    private static func fields(
        _ headers: [HeaderProfile], _ auth: AuthProfile?, _ authorization: String, agents: Int
    ) throws(RunError) -> AgentFields {
        var fields: [AgentFields.Field] = []
        for header in headers {
            fields.append(AgentFields.Field(header.name, try text(header.value, agents: agents)))
        }
        switch auth {
        case .bearer(let source):
            fields.append(AgentFields.Field(authorization, try text(source, agents: agents), as: .bearer))
        case .basic(let user, let password):
            let lines = try Secrets.lines(password, agents: agents).map { "\(user):\($0)" }
            fields.append(AgentFields.Field(authorization, AgentText(lines: lines), as: .basic))
        case nil: break
        }
        do throws(HTTPFieldError) {
            return try AgentFields(fields)
        } catch {
            throw .secret(error.description)
        }
    }

    private static func text(_ source: TextSource, agents: Int) throws(RunError) -> AgentText {
        switch source {
        case .text(let text): AgentText(lines: [text])
        case .secret(let secret): AgentText(lines: try Secrets.lines(secret, agents: agents))
        }
    }
}

/// Secrets that a profile or an option names.
enum Secrets {
    /// The lines of a secret: one for everybody, or one an agent.
    /// - Parameter agents: how many have to have one.
    static func lines(_ source: SecretSource, agents: Int) throws(RunError) -> [String] {
        let lines = try lines(source)
        guard lines.count == 1 || lines.count >= agents else {
            throw .secret(
                "\(place(source)) has \(lines.count) lines for \(agents) agents; "
                    + "give it a line an agent, or a single one for all")
        }
        return lines
    }

    /// All lines that are not empty; at least one.
    static func lines(_ source: SecretSource) throws(RunError) -> [String] {
        let text: String
        switch source {
        case .environment(let name):
            guard let value = ProcessInfo.processInfo.environment[name] else {
                throw .secret("\(place(source)) is not set; set it, or name a file")
            }
            text = value
        case .file(let path):
            do throws(FileError) { text = try Files.text(path, limit: largestFile) } catch {
                throw .secret("the file \(error)")
            }
        }
        let lines = text.split(whereSeparator: \.isNewline).map(String.init)
        guard !lines.isEmpty else { throw .secret("\(place(source)) is empty; write the secret into it") }
        return lines
    }

    private static func place(_ source: SecretSource) -> String {
        switch source {
        case .environment(let name): "the environment variable \(name)"
        case .file(let path): "the file \(path)"
        }
    }

    /// Ten million tokens of the usual length.
    private static let largestFile = 256 << 20
}

extension AgentText {
    /// The text of all agents where there is one line, which may be worded differently for each; else a line an agent.
    fileprivate init(lines: [String]) {
        guard lines.count == 1 else {
            self = .lines(lines)
            return
        }
        if lines[0].contains("{{"), let template = try? Template(lines[0]) {
            self = .template(template)
        } else {
            self = .same(lines[0])
        }
    }
}

extension WireCompression {
    init(_ profile: CompressionProfile) {
        let requests: ContentCoding =
            switch profile.requests {
            case .plain: .identity
            case .gzip: .gzip
            case .zstd: .zstd
            }
        self.init(
            offersDeflate: profile.websocket, requests: requests, threshold: profile.threshold, level: profile.level)
    }
}

extension PollingPlan {
    init(_ profile: PollingProfile) {
        self.init(
            connections: profile.connections, idleTimeout: profile.idleTimeout,
            acquireTimeout: profile.acquireTimeout, liveness: profile.maximumAge, queueLimit: profile.queue)
        isPerAgent = profile.isPerAgent
    }
}

extension ServerWire {
    /// How a profile's embedded server treats its connections.
    /// - Throws: `RunError` where its credentials cannot be read.
    public init(_ server: EmbeddedServer) throws(RunError) {
        self.init()
        agreesToDeflate = server.compression
        if !server.compression { codings = [] }
        closesAfterAnswer = server.closesConnections
        idleTimeout = server.idleTimeout
        silentTimeout = server.silentTimeout
        largestMessage = server.largestMessage
        if let source = server.credentials { credentials = Credentials(try Secrets.lines(source)) }
    }
}
