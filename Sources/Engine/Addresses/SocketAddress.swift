import CLinux

/// An IPv4 or IPv6 address with a port.
public struct SocketAddress: Hashable, Sendable {
    /// The 16 bytes of the address in network order, as two big-endian halves; IPv4 uses the first four.
    private var high: UInt64
    private var low: UInt64
    /// The interface of a link-local IPv6 address; 0: none.
    private var scope: UInt32
    /// TCP port.
    public var port: UInt16
    /// Whether the address is an IPv6 one.
    public let isIPv6: Bool

    /// An address from a literal: `127.0.0.1`, `::1`, `[::1]`, `fe80::1%eth0`. Names are not resolved here.
    public init?(host: String, port: UInt16) {
        var literal = Substring(host)
        if literal.hasPrefix("[") && literal.hasSuffix("]") { literal = literal.dropFirst().dropLast() }
        let parts = literal.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        guard let text = parts.first, !text.utf8.contains(0) else { return nil }
        var parsed = CLinuxAddress()
        if clinux_parse_ipv4(String(text), &parsed) {
            guard parts.count == 1, literal.count == host.count else { return nil }
        } else {
            guard clinux_parse_ipv6(String(text), &parsed) else { return nil }
            if parts.count == 2 {
                let zone = String(parts[1])
                parsed.scope = UInt32(zone) ?? clinux_interface_index(zone)
                guard parsed.scope != 0 else { return nil }
            }
        }
        parsed.port = port
        self.init(parsed)
    }

    /// This machine's own IPv4 address, 127.0.0.1.
    public static func loopback(port: UInt16) -> SocketAddress {
        var address = CLinuxAddress()
        address.port = port
        address.bytes.0 = 127
        address.bytes.3 = 1
        return SocketAddress(address)
    }

    init(_ system: CLinuxAddress) {
        let halves = withUnsafeBytes(of: system.bytes) {
            ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }
        high = UInt64(bigEndian: halves.0)
        low = UInt64(bigEndian: halves.1)
        scope = system.scope
        port = system.port
        isIPv6 = system.is_ipv6
    }

    var systemAddress: CLinuxAddress {
        var system = CLinuxAddress()
        system.is_ipv6 = isIPv6
        system.port = port
        system.scope = scope
        withUnsafeMutableBytes(of: &system.bytes) {
            $0.storeBytes(of: high.bigEndian, as: UInt64.self)
            $0.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        return system
    }

    /// The address without its port: `127.0.0.1`, `::1`.
    public var host: String {
        var system = systemAddress
        let text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            guard let start = buffer.baseAddress, clinux_print_host(&system, start) else { return "" }
            return String(cString: start)
        }
        return scope == 0 ? text : "\(text)%\(scope)"
    }

    /// Whether the address is one of this machine's own loopback addresses (127.0.0.0/8, ::1).
    public var isLoopback: Bool {
        isIPv6 ? (high == 0 && low == 1) : high >> 56 == 127
    }

    /// The same address with another port.
    public func with(port: UInt16) -> SocketAddress {
        var copy = self
        copy.port = port
        return copy
    }

    /// The address `count` after this one, with the same port; nil beyond the end of the address space. For ranges of
    /// source addresses such as 127.0.0.2 to 127.0.0.9.
    public func advanced(by count: UInt32) -> SocketAddress? {
        var copy = self
        if isIPv6 {
            let (sum, overflow) = low.addingReportingOverflow(UInt64(count))
            guard !overflow else { return nil }
            copy.low = sum
        } else {
            let (sum, overflow) = UInt32(high >> 32).addingReportingOverflow(count)
            guard !overflow else { return nil }
            copy.high = UInt64(sum) << 32
        }
        return copy
    }
}

extension SocketAddress: LosslessStringConvertible {
    /// `127.0.0.1:4320` or `[::1]:4320`.
    public init?(_ description: String) {
        guard let colon = description.lastIndex(of: ":") else { return nil }
        let digits = description[description.index(after: colon)...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) }), let port = UInt16(digits) else {
            return nil
        }
        let host = description[..<colon]
        // Without brackets the colons of an IPv6 address could not be distinguished from the port's.
        guard !host.contains(":") || (host.hasPrefix("[") && host.hasSuffix("]")) else { return nil }
        self.init(host: String(host), port: port)
    }

    public var description: String {
        isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
