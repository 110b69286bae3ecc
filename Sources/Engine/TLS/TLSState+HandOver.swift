import COpenSSL
import TLSRecords

/// The hand-over: a connection of TLS 1.3 continues without its SSL, which costs 14 KB and more for as long as it is
/// kept.
extension TLSState {
    /// Reads with data that a client waits for a ticket. Servers send tickets with the handshake or right after it, so
    /// the second answer without one means that none will come.
    private static let ticketReads = 2

    /// Why the connection cannot do without its SSL at this moment; nil: it can. Each condition is needed: what OpenSSL
    /// holds, or has counted otherwise, would be lost.
    ///
    /// - Parameter hasOutput: whether bytes of OpenSSL's wait in the channel.
    func reasonToKeep(hasOutput: Bool) -> TLSKeptReason? {
        guard SSL_version(pointer) == TLS1_3_VERSION else { return .version }
        guard HandOverSwitch.shared.isOn else { return .turnedOff }
        guard SSL_is_init_finished(pointer) == 1 else { return .handshake }
        guard let suite else { return .suite }
        guard log.clientSecret.count == suite.secretBytes, log.serverSecret.count == suite.secretBytes else {
            return .secrets
        }
        guard SSL_get_early_data_status(pointer) != SSL_EARLY_DATA_ACCEPTED else { return .earlyData }
        guard SSL_get_shutdown(pointer) == 0 else { return .shutdown }
        guard log.alerts == 0 else { return .alert }
        guard log.keyUpdates == 0, SSL_get_key_update_type(pointer) == SSL_KEY_UPDATE_NONE else { return .keyUpdate }
        guard SSL_pending(pointer) == 0 else { return .plaintext }
        guard SSL_has_pending(pointer) == 0, copenssl_is_between_records(pointer) == 1 else { return .amidRecord }
        guard log.isBetweenMessages else { return .amidMessage }
        guard !hasOutput, SSL_want(pointer) != SSL_WRITING, SSL_free_buffers(pointer) == 1 else { return .output }
        guard !keepsSessions || log.tickets > 0 || log.dataReads >= Self.ticketReads else { return .ticket }
        return nil
    }

    private var suite: RecordSuite? {
        SSL_get_current_cipher(pointer).flatMap { RecordSuite(number: SSL_CIPHER_get_protocol_id($0)) }
    }

    /// The connection's record layer, where `reasonToKeep` has none. The SSL is not to be used any more.
    func recordLayer(_ resources: RecordResources) -> RecordLayer? {
        guard let suite else { return nil }
        return RecordLayer(
            suite, isServer: log.isServer, writeSecret: log.isServer ? log.serverSecret : log.clientSecret,
            readSecret: log.isServer ? log.clientSecret : log.serverSecret, written: log.written, read: log.read,
            maxFragment: Int(copenssl_max_fragment(pointer)), resources)
    }
}
