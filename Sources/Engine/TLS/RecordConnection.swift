import OpenSSL
import TLSRecords

/// TLS of one connection after the hand-over: its record layer, and what was noted of the handshake.
///
/// A client's is made before its handshake: a block that stays, amid those that OpenSSL takes for the handshakes of a
/// jam, would keep their page.
final class RecordConnection {
    /// Nil before the hand-over, and in deinit.
    private var layer: RecordLayer?
    private let resources: RecordResources
    /// Nil before the hand-over.
    private(set) var agreement: TLSAgreement?
    /// On a server's side the certificate that the client has shown (DER); empty: none, or this is a client.
    private var clientCertificate: [UInt8] = []
    /// The server asked for the agent's certificate.
    private(set) var showsIdentity = false
    /// No record was opened since the hand-over.
    private var isFirst = true

    init(_ resources: RecordResources) {
        self.resources = resources
    }

    /// Takes over the connection of `state`, which must have no reason to keep its SSL. False: OpenSSL does not tell
    /// what is needed.
    func takeOver(_ state: TLSState, _ channel: TLSChannel) -> Bool {
        guard let layer = state.recordLayer(resources) else { return false }
        self.layer = consume layer
        let certificate = state.peerCertificate
        agreement = channel.agreements.agreement(state.summary, state.log.isServer ? nil : certificate)
        if state.log.isServer { clientCertificate = certificate?.der ?? [] }
        showsIdentity = state.showsIdentity
        return true
    }

    deinit {
        if let layer = layer.take() { layer.end(resources) }
    }

    var peerCertificate: Certificate? {
        if let certificate = agreement?.certificate { return certificate }
        return clientCertificate.isEmpty ? nil : try? Certificate(der: clientCertificate)
    }

    /// As `RecordLayer.open`. `refusesFirst`: the first record after the hand-over was refused, by this side or by the
    /// peer.
    func open(_ input: RawSpan, into target: inout MutableRawSpan) -> (OpenedRecords, refusesFirst: Bool) {
        let before = resources.counts.opened
        guard let result = layer?.open(input, into: &target, resources) else { return (OpenedRecords(), false) }
        let opened = resources.counts.opened - before
        var refusesFirst = false
        if isFirst {
            switch result.end {
            case .failed(.badRecord): refusesFirst = opened == 0
            // bad_record_mac in the peer's first record: our first one was refused.
            case .failed(.alert(20)): refusesFirst = opened == 1
            default: break
            }
            isFirst = opened == 0
        }
        return (result, refusesFirst)
    }

    /// As `RecordLayer.control`.
    func control(into target: inout MutableRawSpan) -> Int {
        layer?.control(into: &target, resources) ?? 0
    }

    /// As `RecordLayer.seal`.
    func seal(_ bytes: RawSpan, into target: inout MutableRawSpan) -> (taken: Int, made: Int)? {
        layer?.seal(bytes, into: &target, resources) ?? nil
    }

    /// As `RecordLayer.close`.
    func close(into target: inout MutableRawSpan) -> Int {
        layer?.close(into: &target, resources) ?? 0
    }
}
