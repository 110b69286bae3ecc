import ArgumentParser
import Basis
import Engine
import Fleet
import Foundation
import Hosting
import Metrics
import OpenSSL
import Report
import Synchronization
import Transport

/// Where `--ui` listens: `:9470`, `9470`, `0.0.0.0:9470` or `[::1]:9470`.
struct UIPlace: ExpressibleByArgument, CustomStringConvertible {
    static let usual = UIPlace(port: 9470)
    let description: String
    let address: SocketAddress

    init?(argument: String) {
        guard let address = MetricsPage.address(argument) else { return nil }
        self.address = address
        description = argument
    }

    /// A port of the loopback interface.
    init(port: UInt16) {
        address = .loopback(port: port)
        description = ":\(port)"
    }

    /// The arguments with `--ui=ADDRESS` as two: the parser takes no value after the sign for an option that may be
    /// without one.
    static func separated(_ arguments: some Sequence<String>) -> [String] {
        arguments.flatMap { argument in
            guard argument.hasPrefix("--ui="), UIPlace(argument: String(argument.dropFirst(5))) != nil else {
                return [argument]
            }
            return ["--ui", String(argument.dropFirst(5))]
        }
    }

    /// A value that is no address: `--ui=…`. Without the sign what follows is the profile.
    static func checkArguments(_ arguments: [String]) throws {
        for argument in arguments where argument.hasPrefix("--ui=") {
            let place = String(argument.dropFirst(5))
            guard UIPlace(argument: place) == nil else { continue }
            throw Failure(
                .badUsage,
                """
                --ui: '\(place)' is not an address to listen on. Give a port, such as --ui=:9470, or an IP address and \
                a port, such as --ui=0.0.0.0:9470.
                """)
        }
    }
}

/// `--ui`: the page of the run while it goes on. Any number of browsers may watch; the state is made once a second for
/// all of them, and only while one does.
final class RunPage: Sendable {
    let control = RunControl()
    private let server: ScrapeServer
    private let token: String?

    /// - Throws: `Failure`, with what to write instead.
    init(at place: UIPlace, title: String) throws {
        let pageGuard = PageGuard(for: place.address)
        token = pageGuard.token
        let routes = Routes(control: control, pageGuard: pageGuard, title: title)
        do throws(ScrapeServerError) {
            server = try ScrapeServer(address: place.address) { routes.respond($0) }
        } catch {
            throw Failure(.badUsage, "--ui: \(error)")
        }
    }

    /// What to open; with the token, where one is needed, behind the #.
    var url: String { "http://\(server.address)/\(token.map { "#\($0)" } ?? "")" }

    func stop() async { await server.stop() }
}

/// The paths of the page.
private final class Routes: Sendable {
    private let control: RunControl
    private let pageGuard: PageGuard
    private let title: String
    /// The content of a version, the same for all who ask.
    private let rendered = Mutex(Rendered())

    private struct Rendered {
        /// Versions begin with 1.
        var version = 0
        var html: [UInt8] = []
        var rows = DrawnRows()
    }

    init(control: RunControl, pageGuard: PageGuard, title: String) {
        self.control = control
        self.pageGuard = pageGuard
        self.title = title
    }

    func respond(_ request: ScrapeServer.Request) -> ScrapeServer.Response {
        var response: ScrapeServer.Response
        switch (request.method, request.path) {
        case (.get, "/"), (.head, "/"):
            response = pageGuard.refusalOfFrame(request).map(Self.refused) ?? frame
        case (.get, LivePage.contentPath):
            response = pageGuard.refusalOfFigures(request).map(Self.refused) ?? content(after: request.query)
        case (.post, let path) where path.hasPrefix(LivePage.commandPath):
            response = pageGuard.refusalOfCommand(request).map(Self.refused) ?? command(request)
        case (.get, _), (.head, _): response = Self.text(404, "no such page")
        default: response = Self.text(405, "this cannot be done here")
        }
        response.fields += Self.fields
        return response
    }

    private static func refused(_ refusal: PageGuard.Refusal) -> ScrapeServer.Response {
        switch refusal {
        case .unauthorized: text(refusal.status, "the token is missing or wrong")
        case .foreign: text(refusal.status, "requests of other sites are refused")
        }
    }

    private var frame: ScrapeServer.Response {
        guard let possible = control.possible else {
            var response = Self.text(503, "the run is being prepared")
            response.fields.append(("Refresh", "1"))
            return response
        }
        let html = LivePage.frame(
            title,
            LivePage.Controls(
                maxAgents: possible.maxAgents, changesPace: possible.changesPace, paceRange: RunControl.paceRange,
                maxName: RunControl.maxName))
        var response = ScrapeServer.Response(
            status: 200, page: .init(contentType: "text/html; charset=utf-8", body: html))
        response.fields.append(("Content-Security-Policy", Self.policy))
        return response
    }

    /// Asking is watching.
    private func content(after query: String) -> ScrapeServer.Response {
        guard let (record, version) = control.watch() else { return Self.text(503, "no figures yet") }
        if query == "after=\(version)" { return ScrapeServer.Response(status: 204) }
        let html = rendered.withLock { rendered in
            if rendered.version != version {
                rendered.html = LivePage.content(record, &rendered.rows)
                rendered.version = version
            }
            return rendered.html
        }
        var response = ScrapeServer.Response(
            status: 200, page: .init(contentType: "text/html; charset=utf-8", body: html))
        response.fields.append(("X-Version", "\(version)"))
        return response
    }

    private func command(_ request: ScrapeServer.Request) -> ScrapeServer.Response {
        let name = request.path.dropFirst(LivePage.commandPath.count)
        let value = Self.value(request.query)
        let command: RunControl.Command? =
            switch name {
            case "drain": .drain
            case "abort": .abort
            case "mark": value.map(RunControl.Command.mark)
            case "agents": value.map { Int($0).map(RunControl.Command.agents) } ?? .agents(nil)
            case "pace": value.flatMap(Double.init).map(RunControl.Command.pace)
            default: nil
            }
        guard let command else { return Self.text(400, "no such command, or its value cannot be used") }
        do throws(RunControl.Refusal) { try control.send(command) } catch { return Self.text(409, "\(error)") }
        return Self.text(200, "\(name): done")
    }

    /// The text of `value=…`, without control characters, which no name of a mark has.
    private static func value(_ query: String) -> String? {
        guard query.hasPrefix("value="), let text = query.dropFirst(6).removingPercentEncoding else { return nil }
        return String(text.unicodeScalars.filter { $0.properties.generalCategory != .control })
    }

    private static func text(_ status: UInt16, _ text: String) -> ScrapeServer.Response {
        ScrapeServer.Response(status: status, page: .init(contentType: "text/plain; charset=utf-8", body: text))
    }

    /// Nothing is kept by browsers, shown in a frame of another page, or told to others.
    private static let fields = [
        (name: "Cache-Control", value: "no-store"), (name: "Referrer-Policy", value: "no-referrer"),
        (name: "X-Content-Type-Options", value: "nosniff"),
        (name: "Cross-Origin-Resource-Policy", value: "same-origin"),
    ]

    /// Only the script of the page runs, and it reaches only this server.
    private static let policy: String = {
        // As it is in the page: between the tags.
        let script = "\n\(LivePage.frameScript)\n"
        let hash = Base64.text(SHA256.hash(of: Array(script.utf8)))
        return "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-\(hash)'; connect-src 'self'; "
            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    }()
}
