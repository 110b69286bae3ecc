import Basis
import Engine
import Foundation
import Hosting
import OpAMP
import Rollout
import Schema
import Synchronization
import Transport

/// Makes a server act, as the driver of a plan or a profile says: runs commands and sends requests, a bounded number at
/// a time.
actor ServerDriver {
    private let concurrency: Int
    private let timeout: Nanoseconds
    private let shard: Shard
    /// Actions that failed, in words; the first of them are kept.
    private(set) var failures: [String] = []
    private(set) var failed = 0
    private(set) var performed = 0
    private var underWay = 0
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var addresses: [String: [SocketAddress]] = [:]

    /// - Parameters:
    ///   - concurrency: actions under way at a time.
    ///   - timeout: of each action.
    ///   - shard: on which requests are sent.
    init(concurrency: Int, timeout: Nanoseconds, on shard: Shard) {
        self.concurrency = concurrency
        self.timeout = timeout
        self.shard = shard
    }

    /// Performs an action for agents: once for each, or once for all, as it is written.
    func perform(_ action: DriverAction, _ values: [String: String], for agents: [InstanceUID]) async {
        var values = values
        values["instance_uids"] = agents.map(\.description).joined(separator: ",")
        guard action.isForOneAgent else { return await perform(action, values) }
        await withTaskGroup(of: Void.self) { group in
            for agent in agents {
                values["instance_uid"] = agent.description
                let own = values
                group.addTask { await self.perform(action, own) }
            }
        }
    }

    /// Performs an action with its words replaced.
    func perform(_ action: DriverAction, _ values: [String: String]) async {
        await enter()
        let problem = await outcome(of: action.filled(values))
        leave()
        performed += 1
        guard let problem else { return }
        failed += 1
        if failures.count < Self.keptFailures { failures.append(problem) }
    }

    /// - Returns: what went wrong; nil: nothing did.
    private func outcome(of action: DriverAction) async -> String? {
        guard action.command.isEmpty else { return await Self.run(action.command, within: timeout) }
        return await send(action)
    }

    private static let keptFailures = 5

    // MARK: - One after the other

    private func enter() async {
        guard underWay >= concurrency else {
            underWay += 1
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    private func leave() {
        guard !waiting.isEmpty else {
            underWay -= 1
            return
        }
        waiting.removeFirst().resume()
    }

    // MARK: - Commands

    private static func run(_ words: [String], within limit: Nanoseconds) async -> String? {
        let name = words.first ?? ""
        var child: ChildProcess
        do throws(ChildProcess.StartError) {
            // `env` finds the program in PATH. What it prints belongs to the user: on the standard error.
            child = try ChildProcess("/usr/bin/env", words, output: STDERR_FILENO, isGroup: true)
        } catch {
            return error.description
        }
        let deadline = Shard.clock + limit
        while true {
            if let status = child.status() { return status == 0 ? nil : "the command '\(name)' ended with \(status)" }
            guard Shard.clock < deadline, !Task.isCancelled else { break }
            try? await Task.sleep(for: .milliseconds(10))
        }
        child.signalGroup(SIGKILL)
        child.wait()
        return "the command '\(name)' did not end within \(limit); raise `timeout`"
    }

    // MARK: - Requests

    private func send(_ action: DriverAction) async -> String? {
        guard let text = action.url, let url = URLComponents(string: text), let host = url.host, url.scheme == "http"
        else { return "'\(action.url ?? "")' is not an address with http://" }
        let port = UInt16(clamping: url.port ?? 80)
        let authority = "\(host):\(port)"
        if addresses[authority] == nil {
            do { addresses[authority] = try await HostResolver.shared.resolve(host, port: port) } catch {
                return "the host \(host) cannot be found: \(error)"
            }
        }
        guard let address = addresses[authority]?.first else { return "the host \(host) has no address" }
        var fields = HTTPFields()
        var body: [UInt8]?
        if !action.form.isEmpty {
            let form = action.form.map { "\(PercentEncoding.form($0.name))=\(PercentEncoding.form($0.value))" }
            body = Array(form.joined(separator: "&").utf8)
            try? fields.append("Content-Type", "application/x-www-form-urlencoded")
        } else if action.method != .get {
            body = Array(action.body.utf8)
        }
        for header in action.headers {
            do { try fields.append(header.name, header.value) } catch { return "the header '\(header.name)': \(error)" }
        }
        let path = url.percentEncodedPath.isEmpty ? "/" : url.percentEncodedPath
        let target = path + (url.percentEncodedQuery.map { "?\($0)" } ?? "")
        let request = HTTPCall.Request(
            action.method.http, target: target, host: authority, fields: fields, body: body)
        guard let response = await HTTPCall.perform(request, at: address, within: timeout, on: shard) else {
            return "\(action.method.rawValue) \(text): no response within \(timeout)"
        }
        guard response.status < 400 else {
            let reason = String(decoding: response.body.prefix(200), as: UTF8.self)
            return "\(action.method.rawValue) \(text): status \(response.status) \(Problem.quoted(reason))"
        }
        return nil
    }
}

extension DriverAction.Method {
    fileprivate var http: HTTPMethod {
        switch self {
        case .get: .get
        case .post: .post
        case .put: .put
        case .delete: .delete
        }
    }
}
