import Basis
import Foundation
import OpenSSL
import Synchronization
import TLSRecords
import Testing

@testable import Engine

/// Programs that Muster's authors did not write at the other end of connections that were handed over, in both roles.
/// benchmarks/tls-peers has more of them.
@Suite("Records with independent peers", .timeLimit(.minutes(5)))
struct RecordPeerTests {
    private static let openssl = "/usr/bin/openssl"
    private static let python = ProcessInfo.processInfo.environment["MUSTER_PYTHON"] ?? "/usr/bin/python3"
    private static var hasOpenSSL: Bool { FileManager.default.isExecutableFile(atPath: openssl) }
    private static var hasPython: Bool { FileManager.default.isExecutableFile(atPath: python) }

    @Test(
        "openssl s_client replaces its key, and asks for ours, twenty times between lines",
        .enabled(if: hasOpenSSL, "no openssl command"))
    func client() async throws {
        let bed = try PeerBed()
        defer { bed.remove() }
        try await withTLSEcho(bed.options) { shard, address in
            let peer = try Peer(Self.openssl, ["s_client", "-connect", address.description, "-tls1_3"])
            defer { peer.end() }
            for index in 0..<20 {
                await peer.command(index % 2 == 0 ? "K\n" : "k\n", answer: "KEYUPDATE", count: index + 1)
                peer.write("line \(index);\n")
                await peer.until("line \(index);")
            }
            let counters = await shard.run { shard.tlsCounters }
            #expect(counters.handedOver == 1)
            #expect(counters.records.updatesReceived == 20)
            #expect(counters.records.updatesAnswered == 10)
            #expect(counters.firstRecordsRefused == 0)
        }
    }

    @Test("openssl s_server does the same to our client", .enabled(if: hasOpenSSL, "no openssl command"))
    func server() async throws {
        let bed = try PeerBed()
        defer { bed.remove() }
        let address = try unusedPort()
        let peer = try Peer(
            Self.openssl,
            [
                "s_server", "-accept", address.description, "-cert", bed.certificate, "-key", bed.key, "-tls1_3",
            ])
        defer { peer.end() }
        await peer.until("ACCEPT")
        try await withShard { shard in
            let client = ScriptedEndpoint(shard: shard)
            let context = try bed.clientContext()
            await shard.run { client.connect(to: address, tls: context) }
            await client.sights.until { $0.contains(.connected) }
            // A key update before the tickets are taken would keep the connection with OpenSSL.
            peer.write("first;\n")
            await client.sights.until { $0.bytes == Array("first;\n".utf8) }
            for index in 0..<20 {
                peer.write(index % 2 == 0 ? "K\n" : "k\n")
                // A command has to be in a read of its own.
                while await shard.run({ shard.tlsCounters.records.updatesReceived <= index }) {
                    try await Task.sleep(for: .milliseconds(1))
                }
                peer.write("line \(index);\n")
                let expected = Array("line \(index);\n".utf8)
                await client.sights.until { $0.bytes.suffix(expected.count) == expected[...] }
                await shard.run { client.send(Array("back \(index);\n".utf8)) }
                await peer.until("back \(index);")
            }
            let counters = await shard.run { shard.tlsCounters }
            #expect(counters.handedOver == 1)
            #expect(counters.firstRecordsRefused == 0)
            await shard.run { client.closeGracefully() }
            #expect(await client.end() == .local)
        }
    }

    @Test("Python's ssl sends and receives up to 100 KB, in both roles", .enabled(if: hasPython, "no python3"))
    func pythonPeers() async throws {
        let bed = try PeerBed()
        defer { bed.remove() }
        try await withTLSEcho(bed.options) { shard, address in
            let peer = try Peer(Self.python, ["-c", Self.clientScript, bed.authority, "\(address.port)"])
            defer { peer.end() }
            await peer.until("\n")
            #expect(peer.text == "3 of 3\n")
            #expect(await shard.run { shard.tlsCounters.handedOver } == 3)
        }
        let peer = try Peer(Self.python, ["-u", "-c", Self.serverScript, bed.certificate, bed.key])
        defer { peer.end() }
        await peer.until("\n")
        let port = try #require(UInt16(peer.text.filter(\.isNumber)))
        try await withShard { shard in
            let client = ScriptedEndpoint(shard: shard)
            let context = try bed.clientContext()
            let sent = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            client.onConnected = { $0.send(sent) }
            await shard.run { client.connect(to: .loopback(port: port), tls: context) }
            await client.sights.until { $0.bytes.count >= sent.count }
            #expect(client.bytes == sent)
            #expect(await shard.run { shard.tlsCounters.handedOver } == 1)
            await shard.run { client.closeGracefully() }
            _ = await client.end()
            await peer.until("unwrapped")
        }
    }

    private static let clientScript = """
        import os, socket, ssl, sys
        context = ssl.create_default_context(cafile=sys.argv[1])
        good = 0
        for _ in range(3):
            c = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
            c = context.wrap_socket(c, server_hostname="127.0.0.1")
            fine = True
            for size in (1, 150, 16384, 16385, 100000, 150):
                sent, got = os.urandom(size), b""
                c.sendall(sent)
                while len(got) < size:
                    got += c.recv(65536)
                fine = fine and got == sent
            c.unwrap().close()
            good += fine
        print(good, "of 3", flush=True)
        """

    private static let serverScript = """
        import socket, ssl, sys
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1], sys.argv[2])
        listener = socket.create_server(("127.0.0.1", 0))
        print(listener.getsockname()[1])
        c = context.wrap_socket(listener.accept()[0], server_side=True)
        while data := c.recv(65536):
            c.sendall(data)
        c.unwrap()
        print("unwrapped")
        """
}

/// An address on which something may listen in a moment.
private func unusedPort() throws -> SocketAddress {
    let listener = try RawListener(backlog: 1)
    return listener.address
}

/// A server's certificate, as files too.
private struct PeerBed {
    let options: TLSServerOptions
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    private let pem: String
    var certificate: String { folder.appendingPathComponent("cert.pem").path }
    var key: String { folder.appendingPathComponent("key.pem").path }
    var authority: String { folder.appendingPathComponent("ca.pem").path }

    init() throws {
        let made = try CertificateAuthority()
        let identity = try made.issue(.init(commonName: "server", hosts: ["127.0.0.1"], use: .server))
        options = TLSServerOptions(identity: identity)
        pem = made.certificate.pem
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try identity.chainPEM.write(toFile: certificate, atomically: true, encoding: .utf8)
        try identity.key.pem.write(toFile: key, atomically: true, encoding: .utf8)
        try pem.write(toFile: authority, atomically: true, encoding: .utf8)
    }

    func clientContext() throws -> TLSClientContext {
        try TLSClientContext(TLSClientOptions(trust: .authorities(pem)))
    }

    func remove() { try? FileManager.default.removeItem(at: folder) }
}

/// A program, its input and what it prints.
private final class Peer: Sendable {
    private let process: Mutex<ChildProcess>
    private let input = Pipe()
    private let pipe = Pipe()
    private let output = Recorder<String>()

    init(_ program: String, _ arguments: [String]) throws {
        process = Mutex(
            try ChildProcess(
                program, arguments, input: input.fileHandleForReading.fileDescriptor,
                output: pipe.fileHandleForWriting.fileDescriptor))
        try pipe.fileHandleForWriting.close()
        let output = output
        pipe.fileHandleForReading.readabilityHandler = { handle in
            let data = handle.availableData
            if data.isEmpty {
                handle.readabilityHandler = nil
            } else {
                output.note(String(decoding: data, as: UTF8.self))
            }
        }
    }

    var text: String { output.events.joined() }

    func write(_ text: String) { input.fileHandleForWriting.write(Data(text.utf8)) }

    func until(_ text: String) async {
        await output.until { $0.joined().contains(text) }
    }

    /// Writes a command, which has to be in a read of its own, and waits until it is done.
    func command(_ text: String, answer: String, count: Int) async {
        write(text)
        await output.until { $0.joined().ranges(of: answer).count >= count }
    }

    func end() {
        process.withLock {
            $0.signal(SIGTERM)
            $0.wait()
        }
    }
}
