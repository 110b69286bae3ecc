import CLinux
import Engine
import Glibc

/// A plain listening socket that never accepts: what the engine must cope with from outside.
final class RawListener: Sendable {
    let descriptor: Int32
    let address: SocketAddress

    init(backlog: Int32) throws {
        descriptor = clinux_tcp_socket(false)
        var local = CLinuxAddress()
        local.bytes = (127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        guard descriptor >= 0, clinux_bind(descriptor, &local, false) == 0, clinux_listen(descriptor, backlog) == 0,
            clinux_local_address(descriptor, &local) == 0
        else { throw RawSocketError() }
        address = SocketAddress.loopback(port: local.port)
    }

    deinit { _ = clinux_close(descriptor) }
}

/// A plain blocking client.
final class RawClient: Sendable {
    let descriptor: Int32

    /// A client that is not connected yet.
    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw RawSocketError() }
    }

    convenience init(to address: SocketAddress) throws {
        try self.init()
        try connect(to: address)
    }

    /// Takes no further descriptor.
    func connect(to address: SocketAddress) throws {
        var remote = CLinuxAddress()
        remote.bytes = (127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        remote.port = address.port
        guard clinux_connect(descriptor, &remote) == 0 else { throw RawSocketError() }
    }

    deinit { _ = clinux_close(descriptor) }

    func send(_ bytes: [UInt8]) {
        _ = bytes.withUnsafeBytes { clinux_send(descriptor, $0.baseAddress, $0.count) }
    }

    func finish() {
        _ = clinux_shutdown_write(descriptor)
    }

    /// Reads to the end, or to an error, on a thread of its own.
    func receiveAll() async -> [UInt8] {
        await Task.detached { [descriptor] in
            var all: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = recv(descriptor, &buffer, buffer.count, 0)
                guard count > 0 else { return all }
                all += buffer[0..<count]
            }
        }.value
    }
}

/// Takes every descriptor of the process, for tests in a process of their own.
final class Ballast {
    private var taken: [Int32] = []

    /// Dispatch opens files of `/proc` for some microseconds to count its runnable workers. A descriptor that it has
    /// when `dup` fails first is free a moment later: so `dup` has to fail many times, with pauses between.
    init(limit: Int) throws {
        Self.setLimit(limit)
        var failures = 0
        while failures < 20 {
            let next = dup(0)
            if next >= 0 {
                taken.append(next)
            } else {
                failures += 1
                usleep(1000)
            }
        }
        guard taken.count > 1 else { throw RawSocketError() }
    }

    func release(_ limits: FileLimits) {
        Self.setLimit(limits.soft)
        for descriptor in taken { _ = clinux_close(descriptor) }
        taken = []
    }

    private static func setLimit(_ soft: Int) {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limits = rlimit()
        getrlimit(resource, &limits)
        limits.rlim_cur = rlim_t(soft)
        setrlimit(resource, &limits)
    }
}

struct RawSocketError: Error {}
