public import AgentModel
import Basis
public import Transport

/// The fields that the agents of a fleet add to their upgrades and requests: credentials, and the headers of a
/// profile. Contains secrets, so its description shows none of them.
public struct AgentFields: Sendable, CustomStringConvertible {
    /// One field.
    public struct Field: Sendable {
        /// How the value is written.
        public enum Scheme: Sendable {
            case plain
            /// `Bearer` and the value (RFC 6750, section 2.1).
            case bearer
            /// `Basic` and the value, `user:password`, in Base64 (RFC 7617, section 2).
            case basic
        }

        public let name: String
        public let value: AgentText
        public let scheme: Scheme

        public init(_ name: String, _ value: AgentText, as scheme: Scheme = .plain) {
            self.name = name
            self.value = value
            self.scheme = scheme
        }

        func text(of value: String) -> String {
            switch scheme {
            case .plain: value
            case .bearer: "Bearer \(value)"
            case .basic: "Basic \(Base64.text(Array(value.utf8)))"
            }
        }
    }

    /// Those that are the same for all agents, ready to be written.
    public private(set) var common = HTTPFields()
    private var own: [Field] = []

    public init() {}

    /// - Throws: `HTTPFieldError`, which does not repeat the value, where a field can never be sent.
    public init(_ fields: [Field]) throws(HTTPFieldError) {
        for field in fields {
            guard case .same(let value) = field.value else {
                own.append(field)
                continue
            }
            try common.append(field.name, field.text(of: value))
        }
    }

    /// Whether every agent sends the same.
    public var isCommon: Bool { own.isEmpty }

    /// Appends what `agent` alone has. A value that HTTP does not allow is left out.
    /// - Parameter except: fields that the server has given the agent, which replace its own.
    /// - Returns: how many values were left out.
    func append(of agent: Agent, except given: HTTPFields? = nil, to fields: inout HTTPFields) -> Int {
        var failed = 0
        for field in own where given?.contains(field.name) != true {
            do throws(HTTPFieldError) {
                try fields.append(field.name, field.text(of: field.value.text(of: agent)))
            } catch {
                failed += 1
            }
        }
        return failed
    }

    public var description: String { "\(common.count + own.count) fields" }
}

/// A text, the same for all agents or another one for each.
public enum AgentText: Sendable {
    case same(String)
    case template(Template)
    /// Agent i has line i. Never empty; a larger fleet begins again at the first.
    case lines([String])

    func text(of agent: Agent) -> String {
        switch self {
        case .same(let text): text
        case .template(let template): agent.filled(template)
        case .lines(let lines): lines.isEmpty ? "" : lines[Int(agent.index % UInt64(lines.count))]
        }
    }
}
