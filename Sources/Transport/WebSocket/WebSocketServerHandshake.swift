import Basis

/// The server's side of the opening handshake (RFC 6455, section 4.2): checks a request, writes the answer.
public enum WebSocketServerHandshake {
    /// Whether a request asks for WebSocket at all; plain requests share the port.
    public static func isUpgrade(_ request: HTTPRequestHead) -> Bool {
        request.fields.contains("Upgrade", token: "websocket")
    }

    /// Checks an upgrade and appends the 101 that accepts it.
    /// - Parameters:
    ///   - deflate: what to agree to where the client offers compression; nil declines it.
    ///   - fields: what goes along in the answer.
    /// - Returns: what was agreed on for compression.
    /// - Throws: `WebSocketHandshakeError`: the client's fault; nothing was appended, `appendRefusal` answers it.
    public static func accept(
        _ request: HTTPRequestHead, deflate: DeflatePolicy? = nil, fields: HTTPFields = HTTPFields(),
        to bytes: inout [UInt8]
    ) throws(WebSocketHandshakeError) -> DeflateParameters? {
        guard request.method == .get, request.version == .http11 else { throw .badRequest }
        guard isUpgrade(request) else { throw .missingUpgrade }
        guard request.fields.contains("Connection", token: "Upgrade") else { throw .missingConnection }
        let versions = request.fields.values(of: "Sec-WebSocket-Version")
        guard versions == ["13"] else { throw .unsupportedVersion }
        let keys = request.fields.values(of: "Sec-WebSocket-Key").map { Array($0.utf8) }
        guard keys.count == 1, let key = keys.first, Base64.decode(key, allowsExtraBits: true)?.count == 16 else {
            throw .badKey
        }

        let answer = answer(to: request.fields, deflate)
        HTTPWriter.appendResponse(101, fields: fields, contentLength: nil, to: &bytes)
        // The empty line goes behind the handshake's own fields.
        bytes.removeLast(2)
        bytes.append("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ")
        bytes.append(contentsOf: accept(key))
        if let answer {
            bytes.append("\r\nSec-WebSocket-Extensions: ")
            bytes.append(answer.fieldValue)
        }
        bytes.append("\r\n\r\n")
        return answer?.parameters
    }

    /// Appends the response that refuses an upgrade and closes: 426 has the supported version, 405 the method.
    public static func appendRefusal(of error: WebSocketHandshakeError, to bytes: inout [UInt8]) {
        switch error {
        case .missingUpgrade, .unsupportedVersion:
            bytes.append("HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n")
            bytes.append("Content-Length: 0\r\nConnection: Upgrade, close\r\n\r\n")
        case .http(let cause):
            HTTPWriter.appendResponse(cause.responseStatus, contentLength: 0, keepAlive: false, to: &bytes)
        case .refused(let refusal):
            HTTPWriter.appendResponse(refusal.status, contentLength: 0, keepAlive: false, to: &bytes)
        case .closed, .missingConnection, .wrongAccept, .unexpectedSubprotocol, .unexpectedExtension, .badDeflate,
            .badRequest, .badKey:
            HTTPWriter.appendResponse(400, contentLength: 0, keepAlive: false, to: &bytes)
        }
    }

    private static let acceptSuffix = Array("258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8)

    /// The answer that a client's key demands (RFC 6455, section 4.2.2).
    private static func accept(_ key: [UInt8]) -> [UInt8] {
        Base64.encode(SHA1.digest(key + acceptSuffix))
    }

    /// The first of the client's offers that can be met. A malformed field is ignored as a whole: the connection then
    /// goes uncompressed.
    private static func answer(
        to fields: HTTPFields, _ policy: DeflatePolicy?
    ) -> (parameters: DeflateParameters, fieldValue: String)? {
        guard let policy, let offers = WebSocketExtension.parse(fields.values(of: "Sec-WebSocket-Extensions"))
        else { return nil }
        for offer in offers {
            if let answer = policy.answer(offer) { return answer }
        }
        return nil
    }
}
