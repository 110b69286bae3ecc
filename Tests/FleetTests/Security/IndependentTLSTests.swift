import Basis
import ControlPlane
import Engine
import Foundation
import Hosting
import Metrics
import OpenSSL
import TestSupport
import Testing

@testable import Fleet

/// Other programs at the other end of TLS: curl, nginx, Python's `websockets`, OpenSSL's own client.
@Suite("TLS with independent peers", .takingTurns)
struct IndependentTLSTests {
    private static let curl = PeerProgram.path("curl")
    private static let nginx = PeerProgram.path("nginx")
    private static let openssl = PeerProgram.path("openssl")

    @Test(
        "curl is served over TLS under its certificate, and neither without one nor where it does not trust the server",
        .enabled(if: curl != nil, "there is no curl here"), arguments: ["1.3", "1.2"])
    func curlAsClient(version: String) async throws {
        let curl = try #require(Self.curl)
        let (authority, folder) = (try CertificateAuthority(), try CertificateFolder())
        let trust = try folder.file("ca.pem", authority.certificate.pem)
        let files = try folder.pair("client", authority.issue(.init(commonName: "curl", use: .client)))
        var options = TLSServerOptions(identity: try authority.issue(.testServer()))
        options.clientCertificates = .required(.authorities(authority.certificate.pem))
        try await withSecureServer(options) { _, port in
            let common = ["-sS", "--max-time", "20", "--tlsv\(version)", "--tls-max", version]
            let url = "https://127.0.0.1:\(port)/muster/counts"
            let (identity, trusting) = (["--cert", files.certificate, "--key", files.key], ["--cacert", trust])
            let served = try await PeerProgram.run(curl, common + trusting + identity + [url])
            #expect(served.status == 0, "\(served.output)")
            #expect(served.output.contains("\"connections_accepted\""))
            #expect(try await PeerProgram.run(curl, common + trusting + [url]).status != 0)
            // 60: the peer's certificate cannot be authenticated.
            #expect(try await PeerProgram.run(curl, common + identity + [url]).status == 60)
        }
    }

    @Test(
        "OpenSSL's own client verifies the self-made certificate of the embedded server: chain and address",
        .enabled(if: openssl != nil, "there is no openssl command here"), arguments: ["-tls1_3", "-tls1_2"])
    func opensslAsClient(version: String) async throws {
        let openssl = try #require(Self.openssl)
        let folder = try CertificateFolder()
        let pki = try SelfMadePKI(folder: folder.url.appendingPathComponent("pki").path)
        try await withSecureServer(TLSServerOptions(identity: pki.server)) { _, port in
            let arguments = [
                "s_client", "-connect", "127.0.0.1:\(port)", version, "-CAfile", "\(folder.url.path)/pki/ca.pem",
                "-verify_return_error", "-verify_ip",
            ]
            let good = try await PeerProgram.run(openssl, arguments + ["127.0.0.1"])
            #expect(good.status == 0, "\(good.output)")
            #expect(good.output.contains("Verify return code: 0 (ok)"))
            #expect(try await PeerProgram.run(openssl, arguments + ["127.0.0.2"]).status != 0)
        }
    }

    @Test(
        "nginx terminates TLS in front of the embedded server: agents get through over WebSocket and over plain HTTP",
        .enabled(if: nginx != nil, "there is no nginx here; scripts/test installs nginx-light where it may"),
        arguments: ["wss", "https"])
    func nginxInFront(scheme: String) async throws {
        let (authority, folder) = (try CertificateAuthority(), try CertificateFolder())
        let trust = try folder.file("ca.pem", authority.certificate.pem)
        let files = try folder.pair("server", authority.issue(.testServer()))
        let server = try OpAMPServer(
            plan: ControlPlane.ServerPlan(), address: .loopback(port: 0), shards: 1, seed: 1,
            wallClockAtZero: WallClock.unixNanoseconds(at: .zero) / 1_000_000)
        do {
            try await Self.withNginx(before: server.addresses[0], files, folder) { port in
                var profile = try Profile.brief("\(scheme)://127.0.0.1:\(port)")
                profile.agents = 10
                profile.duration = .seconds(3)
                profile.tls = TLSProfile(authorities: trust)
                let run = try await FleetRun(profile)
                let summary = await run.perform(as: .test) { _ in }.summary
                #expect(summary.counters[.agentsAnswered] == 10)
                #expect(summary.counters.errors == 0, "\(summary.named.sorted)")
                #expect(summary.counters[.tlsHandshakesFull] > 0)
            }
        } catch {
            _ = await server.stop()
            throw error
        }
        #expect(await server.stop().agentsKnown == 10)
    }

    private struct NoNginx: Error, CustomStringConvertible {
        let description: String
    }

    /// Runs an nginx of one process that serves TLS on a free port and passes everything on to `server`.
    private static func withNginx(
        before server: SocketAddress, _ files: KeyPairFiles, _ folder: CertificateFolder,
        _ body: (_ port: UInt16) async throws -> Void
    ) async throws {
        // The port was free a moment ago; another program may have taken it since.
        for _ in 0..<5 {
            let probe = try ScriptedHTTPServer { _ in .ignores }
            await probe.stop()
            let place = folder.url.path
            let settings = try folder.file(
                "nginx.conf",
                """
                daemon off; master_process off; pid \(place)/pid; error_log stderr;
                events { worker_connections 256; }
                http {
                  access_log off; client_body_temp_path \(place)/body; proxy_temp_path \(place)/proxy;
                  fastcgi_temp_path \(place)/fastcgi; uwsgi_temp_path \(place)/uwsgi; scgi_temp_path \(place)/scgi;
                  map $http_upgrade $connection_word { default upgrade; '' ''; }
                  server {
                    listen 127.0.0.1:\(probe.port) ssl;
                    ssl_certificate \(files.certificate); ssl_certificate_key \(files.key);
                    location / {
                      proxy_pass http://\(server); proxy_http_version 1.1; proxy_set_header Host $http_host;
                      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_word;
                    }
                  }
                }
                """)
            let arguments = ["-c", settings, "-p", place, "-e", "stderr"]
            let wasUp = try await PeerProgram.with(try #require(nginx), arguments) { program in
                guard try await answers(program, probe.port) else { return false }
                try await body(probe.port)
                return true
            }
            if wasUp { return }
        }
        throw NoNginx(description: "five times nginx found no free port")
    }

    /// Waits until nginx listens.
    /// - Returns: false where another program has its port.
    private static func answers(_ program: PeerProgram, _ port: UInt16) async throws -> Bool {
        for _ in 0..<300 {
            guard program.isRunning else {
                if program.said.contains("Address already in use") { return false }
                throw NoNginx(description: program.said)
            }
            let caller = try Caller(port)
            if await caller.isAnswered() { return true }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw NoNginx(description: "nginx did not listen within half a minute: \(program.said)")
    }

    @Test(
        "A strict Python server over mutual TLS finds no rule broken by agents with certificates of their own",
        .enabled(if: PythonPeers.isAvailable, Comment(rawValue: PythonPeers.absence)))
    func pythonServer() async throws {
        let (authority, folder) = (try CertificateAuthority(), try CertificateFolder())
        let trust = try folder.file("ca.pem", authority.certificate.pem)
        let files = try folder.pair("server", authority.issue(.testServer()))
        let issuer = try folder.pair("issuer", TLSIdentity(chain: authority.chain, key: authority.key))
        let arguments = ["--certificate", files.certificate, "--key", files.key, "--client-ca", trust]
        try await PythonPeer.with("opamp_server.py", arguments) { server in
            let address = try await server.json(ServerAddress.self)
            var profile = try Profile.brief(address.listening)
            profile.agents = 10
            profile.duration = .seconds(4)
            profile.drain = .seconds(10)
            profile.cohorts[0].heartbeat.interval = .milliseconds(500)
            profile.tls = TLSProfile(authorities: trust)
            profile.cohorts[0].clientCertificate = .issued(IssuedClientCertificate(authority: issuer))
            let run = try await FleetRun(profile)
            let summary = await run.perform(as: .test) { _ in }.summary
            let end = try await server.end()
            let verdict = try PythonPeer.decode(ServerVerdict.self, try #require(end.lines.last))
            #expect(verdict.violations.isEmpty, "\(verdict.violations.map(\.description))")
            #expect(verdict.agents == 10)
            #expect(summary.counters[.agentsAnswered] == 10)
            #expect(summary.counters[.tlsHandshakesFull] == 10)
            #expect(summary.counters.errors == 0, "\(summary.named.sorted)")
        }
    }
}

/// Finds out whether anything listens on a port of the loopback.
private final class Caller: Sendable {
    private final class Call: Endpoint, @unchecked Sendable {
        private let tell: @Sendable (Bool) -> Void

        init(shard: Shard, tell: @escaping @Sendable (Bool) -> Void) {
            self.tell = tell
            super.init(shard: shard)
        }

        override func connected() {
            tell(true)
            abort()
        }

        override func closed(_ cause: CloseCause) { tell(false) }
    }

    private let shard: Shard
    private let port: UInt16

    init(_ port: UInt16) throws {
        shard = try Shard(label: "caller")
        self.port = port
    }

    func isAnswered() async -> Bool {
        let (answers, answer) = AsyncStream.makeStream(of: Bool.self)
        let call = Call(shard: shard) { answer.yield($0) }
        shard.perform { [port] in _ = call.connect(to: .loopback(port: port)) }
        let first = await answers.first { _ in true }
        await shard.stop()
        return first ?? false
    }
}
