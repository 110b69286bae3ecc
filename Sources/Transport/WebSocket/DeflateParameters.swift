/// What both ends agreed on for permessage-deflate (RFC 7692, section 7.1).
public struct DeflateParameters: Hashable, Sendable {
    /// The window of what the client compresses, in bits: 8 to 15.
    public var clientWindowBits: Int = DeflateParameters.maximumWindowBits
    /// The window of what the server compresses, in bits: 8 to 15.
    public var serverWindowBits: Int = DeflateParameters.maximumWindowBits
    /// Whether the client compresses each message without reference to earlier ones.
    public var clientNoContextTakeover = false
    /// Whether the server compresses each message without reference to earlier ones.
    public var serverNoContextTakeover = false

    public static let minimumWindowBits = 8
    public static let maximumWindowBits = 15
    /// The extension's name in the handshake.
    static let extensionName = "permessage-deflate"

    public init(
        clientWindowBits: Int = maximumWindowBits, serverWindowBits: Int = maximumWindowBits,
        clientNoContextTakeover: Bool = false, serverNoContextTakeover: Bool = false
    ) {
        self.clientWindowBits = clientWindowBits
        self.serverWindowBits = serverWindowBits
        self.clientNoContextTakeover = clientNoContextTakeover
        self.serverNoContextTakeover = serverNoContextTakeover
    }

    /// What a server's 101 agrees on, as anybody on the way reads it; `nil` where it agrees on no compression, or on
    /// something that cannot be read. A client that promised more than the server repeats may do more.
    public init?(agreedIn fields: HTTPFields) {
        guard let answers = WebSocketExtension.parse(fields.values(of: "Sec-WebSocket-Extensions")),
            let answer = answers.first(where: { $0.name == Self.extensionName }),
            let said = try? DeflateParameterList(answer, isResponse: true)
        else { return nil }
        clientNoContextTakeover = said.clientNoContextTakeover
        serverNoContextTakeover = said.serverNoContextTakeover
        serverWindowBits = said.serverWindowBits ?? Self.maximumWindowBits
        if case .bits(let bits) = said.clientWindow { clientWindowBits = bits }
    }

    /// The window of what we compress.
    public func windowBits(sentBy role: WebSocketRole) -> Int {
        role == .client ? clientWindowBits : serverWindowBits
    }

    /// Whether an end compresses each message without reference to earlier ones: then one compressor and one
    /// decompressor serve all connections.
    public func noContextTakeover(sentBy role: WebSocketRole) -> Bool {
        role == .client ? clientNoContextTakeover : serverNoContextTakeover
    }

    /// The window nearest to `bits` that RFC 7692 allows.
    static func boundedWindow(_ bits: Int) -> Int {
        min(max(bits, minimumWindowBits), maximumWindowBits)
    }

    /// The response's field value.
    /// - Parameters:
    ///   - serverWindowWasAsked: the client asked for a size of our window: then the answer has to name it, also
    ///     where it is the largest (RFC 7692, section 7.1.2.1).
    ///   - clientWindowWasOffered: the client allows its window to be limited.
    func response(serverWindowWasAsked: Bool, clientWindowWasOffered: Bool) -> String {
        var text = Self.extensionName
        if serverNoContextTakeover { text += "; server_no_context_takeover" }
        if clientNoContextTakeover { text += "; client_no_context_takeover" }
        if serverWindowWasAsked || serverWindowBits < Self.maximumWindowBits {
            text += "; server_max_window_bits=\(serverWindowBits)"
        }
        if clientWindowWasOffered, clientWindowBits < Self.maximumWindowBits {
            text += "; client_max_window_bits=\(clientWindowBits)"
        }
        return text
    }
}

/// What a client proposes for permessage-deflate.
public struct DeflateOffer: Hashable, Sendable {
    /// Tells the server that our messages do not refer to earlier ones.
    public var clientNoContextTakeover: Bool
    /// Asks the server that its messages do not refer to earlier ones.
    public var serverNoContextTakeover: Bool
    /// Asks the server to keep its window to this many bits, 8 to 15; nil does not ask.
    public var serverWindowBits: Int?
    /// Allows the server to limit our window, and hints at this size, 8 to 15; nil does not allow it.
    public var clientWindowBits: Int?

    /// The default keeps no compressor's state for a connection. Windows outside 8 to 15 bits become the nearest of
    /// these.
    public init(
        clientNoContextTakeover: Bool = true, serverNoContextTakeover: Bool = true, serverWindowBits: Int? = nil,
        clientWindowBits: Int? = DeflateParameters.maximumWindowBits
    ) {
        self.clientNoContextTakeover = clientNoContextTakeover
        self.serverNoContextTakeover = serverNoContextTakeover
        self.serverWindowBits = serverWindowBits.map(DeflateParameters.boundedWindow)
        self.clientWindowBits = clientWindowBits.map(DeflateParameters.boundedWindow)
    }

    /// The request's field value.
    public var fieldValue: String {
        var text = DeflateParameters.extensionName
        if serverNoContextTakeover { text += "; server_no_context_takeover" }
        if clientNoContextTakeover { text += "; client_no_context_takeover" }
        if let serverWindowBits { text += "; server_max_window_bits=\(serverWindowBits)" }
        switch clientWindowBits {
        case DeflateParameters.maximumWindowBits: text += "; client_max_window_bits"
        case let bits?: text += "; client_max_window_bits=\(bits)"
        case nil: break
        }
        return text
    }

    /// Checks a server's answer to this offer.
    /// - Throws: `DeflateNegotiationError`: the server's fault; the connection must fail (RFC 7692, section 7.1).
    func agree(to answer: WebSocketExtension) throws(DeflateNegotiationError) -> DeflateParameters {
        guard answer.name == DeflateParameters.extensionName else { throw .unknownExtension(answer.name) }
        let said = try DeflateParameterList(answer, isResponse: true)
        var agreed = DeflateParameters()
        // What we announced for ourselves we do, whether or not the server repeats it.
        agreed.clientNoContextTakeover = clientNoContextTakeover || said.clientNoContextTakeover
        agreed.serverNoContextTakeover = said.serverNoContextTakeover
        guard said.serverNoContextTakeover || !serverNoContextTakeover else { throw .contextTakeoverRefused }
        agreed.serverWindowBits = said.serverWindowBits ?? DeflateParameters.maximumWindowBits
        guard agreed.serverWindowBits <= serverWindowBits ?? DeflateParameters.maximumWindowBits else {
            throw .badParameter("server_max_window_bits")
        }
        // The hint holds whatever the server answers: its answer can only make our window smaller (section 7.1.2.2).
        if let clientWindowBits { agreed.clientWindowBits = clientWindowBits }
        switch said.clientWindow {
        case .absent: break
        case .bits(let bits):
            guard clientWindowBits != nil else { throw .badParameter("client_max_window_bits") }
            agreed.clientWindowBits = min(agreed.clientWindowBits, bits)
        case .unvalued: throw .badParameter("client_max_window_bits")
        }
        return agreed
    }
}

/// What a server agrees to when a client offers permessage-deflate.
public struct DeflatePolicy: Hashable, Sendable {
    /// Demands that messages do not refer to earlier ones, in both directions, so that no connection keeps a
    /// compressor.
    public var noContextTakeover: Bool
    /// The largest window we compress with, 9 to 15 bits; others become the nearest of these.
    public var windowBits: Int

    public init(noContextTakeover: Bool = true, windowBits: Int = DeflateParameters.maximumWindowBits) {
        self.noContextTakeover = noContextTakeover
        self.windowBits = max(DeflateParameters.boundedWindow(windowBits), Deflater.minimumWindowBits)
    }

    /// The answer to one of a client's offers; nil where it cannot be met or is malformed, and the next is tried
    /// (RFC 7692, section 7.1: a server declines what it does not understand).
    func answer(_ offer: WebSocketExtension) -> (parameters: DeflateParameters, fieldValue: String)? {
        guard offer.name == DeflateParameters.extensionName else { return nil }
        guard let asked = try? DeflateParameterList(offer, isResponse: false) else { return nil }
        var agreed = DeflateParameters()
        agreed.serverNoContextTakeover = asked.serverNoContextTakeover || noContextTakeover
        agreed.clientNoContextTakeover = asked.clientNoContextTakeover || noContextTakeover
        agreed.serverWindowBits = min(windowBits, asked.serverWindowBits ?? DeflateParameters.maximumWindowBits)
        guard agreed.serverWindowBits >= Deflater.minimumWindowBits else { return nil }
        let clientWindowWasOffered: Bool
        switch asked.clientWindow {
        case .absent: clientWindowWasOffered = false
        case .unvalued: clientWindowWasOffered = true
        case .bits(let bits):
            clientWindowWasOffered = true
            agreed.clientWindowBits = bits
        }
        return (
            agreed,
            agreed.response(
                serverWindowWasAsked: asked.serverWindowBits != nil, clientWindowWasOffered: clientWindowWasOffered)
        )
    }
}

/// How a server answered an offer of permessage-deflate wrongly.
public enum DeflateNegotiationError: Error, Hashable, Sendable {
    /// An extension that was not offered.
    case unknownExtension(String)
    /// A parameter that is unknown, repeated, malformed, or was not offered.
    case badParameter(String)
    /// The server does not promise that its messages do not refer to earlier ones, as it was asked to.
    case contextTakeoverRefused
}

/// The parameters of one permessage-deflate element, checked for form alone.
private struct DeflateParameterList {
    enum ClientWindow { case absent, unvalued, bits(Int) }

    var clientNoContextTakeover = false
    var serverNoContextTakeover = false
    var serverWindowBits: Int?
    var clientWindow = ClientWindow.absent

    init(_ element: WebSocketExtension, isResponse: Bool) throws(DeflateNegotiationError) {
        var seen: Set<String> = []
        for (name, value) in element.parameters {
            guard seen.insert(name).inserted else { throw .badParameter(name) }
            switch (name, value) {
            case ("client_no_context_takeover", nil): clientNoContextTakeover = true
            case ("server_no_context_takeover", nil): serverNoContextTakeover = true
            case ("server_max_window_bits", let value?): serverWindowBits = try Self.bits(name, value)
            case ("client_max_window_bits", nil) where !isResponse: clientWindow = .unvalued
            case ("client_max_window_bits", let value?): clientWindow = .bits(try Self.bits(name, value))
            default: throw .badParameter(name)
            }
        }
    }

    /// 8 to 15, without leading zeros (RFC 7692, section 7.1.2).
    private static func bits(_ name: String, _ value: String) throws(DeflateNegotiationError) -> Int {
        guard let bits = Int(value), String(bits) == value,
            (DeflateParameters.minimumWindowBits...DeflateParameters.maximumWindowBits).contains(bits)
        else { throw .badParameter(name) }
        return bits
    }
}
