public import Basis

/// What may be tuned about a shard. The defaults serve a fleet of many small connections.
public struct ShardOptions: Sendable {
    /// Size of the one read buffer that all endpoints of the shard share, bytes.
    public var readBufferBytes = 65_536
    /// Bytes that may wait in one endpoint for its peer to read. A single write to an endpoint with nothing waiting is
    /// always taken, whatever its size; beyond that the connection ends with `CloseCause.writeOverflow`.
    public var writeBufferLimit = 4 << 20
    /// Bytes that may wait in all endpoints of the shard together for their peers to read. Beyond it an endpoint whose
    /// peer does not read ends with `CloseCause.writeOverflow`.
    public var writeBuffersLimit = 1 << 30
    /// SO_SNDBUF of every socket, bytes; nil leaves the system's automatic sizing on.
    public var socketSendBuffer: Int?
    /// SO_RCVBUF of every socket, bytes; nil leaves the system's automatic sizing on.
    public var socketReceiveBuffer: Int?
    /// How long a shard with nothing to do waits on its own epoll set before it gives its thread back to Dispatch. A
    /// wake through Dispatch passes two threads: it costs some 100 µs of CPU more than one through epoll, and timers
    /// fire later by as much. The default is longer than the second between two blocks that collect figures, so a
    /// shard of a run keeps its thread. Blocks do not wait for it: `Shard.perform` rings a bell. Zero: never wait.
    public var lingerLimit = Nanoseconds.seconds(2)
    /// A timer waits so long at most for others that are due soon after it, so that one wake serves them all. A timer
    /// that is alone fires at its time.
    public var timerSlack = Nanoseconds.microseconds(100)
    /// TLS handshakes that clients of the shard have under way at once; others wait, in order, with TCP up. A handshake
    /// takes some 40 KiB until its end, so a jam of thousands would be the peak of the heap.
    public var handshakeLimit = Int.max
    /// A handshake begins beyond the limit where no other has ended for so long: a server that does not answer must
    /// not stop the others.
    public var handshakeWait = Nanoseconds.seconds(5)

    public init() {}
}

/// A shard could not be started: the process is out of descriptors or memory.
public struct ShardError: Error, Hashable, CustomStringConvertible {
    /// The system's error number.
    public let errno: Int32

    public var description: String {
        "cannot start a shard: \(CloseCause.systemText(errno)). Raise the limit of open files (ulimit -n)."
    }
}

/// What a shard has done since it started. Read on the shard.
public struct ShardCounters: Hashable, Sendable {
    /// Times that Dispatch woke the shard for its epoll set.
    public var wakes: UInt64 = 0
    /// CPU time of the thread, nanoseconds; the present callback is not in it (`Shard.threadCPU`).
    var threadCPU: UInt64 = 0
    /// Calls of epoll_wait.
    public var waits: UInt64 = 0
    /// Socket events handled.
    public var events: UInt64 = 0
    /// User timers fired.
    public var timersFired: UInt64 = 0
    /// Calls of recv that brought bytes, and the bytes.
    public var receives: UInt64 = 0
    public var bytesReceived: UInt64 = 0
    /// Calls of send that took bytes, and the bytes.
    public var sends: UInt64 = 0
    public var bytesSent: UInt64 = 0
    /// Connections attempted, and accepted.
    public var connects: UInt64 = 0
    public var accepts: UInt64 = 0
    /// Accepted connections that the accept callback did not want.
    public var acceptsRefused: UInt64 = 0
    /// Times that accepting paused because the process had no descriptor left.
    public var acceptPauses: UInt64 = 0
    /// Hand-overs and handshakes.
    public var tls = TLSCounters()

    public init() {}
}
