import OpAMP

/// Random twins of the messages in `Connections`: the same content in Muster's type and in the oracle's, field by
/// field, by name.
extension ConnectionSettingsOffers: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (ConnectionSettingsOffers, OracleConnectionSettingsOffers) {
        var (ours, theirs) = (ConnectionSettingsOffers(), OracleConnectionSettingsOffers())
        draw.bytes(&ours.hash, &theirs.hash)
        draw.message(OpAMPConnectionSettings.self) { (ours.opamp, theirs.opamp) = ($0, $1) }
        draw.message(TelemetryConnectionSettings.self) { (ours.ownMetrics, theirs.ownMetrics) = ($0, $1) }
        draw.message(TelemetryConnectionSettings.self) { (ours.ownTraces, theirs.ownTraces) = ($0, $1) }
        draw.message(TelemetryConnectionSettings.self) { (ours.ownLogs, theirs.ownLogs) = ($0, $1) }
        draw.map(&ours.otherConnections, &theirs.otherConnections)
        return (ours, theirs)
    }
}

extension OpAMPConnectionSettings: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (OpAMPConnectionSettings, OracleOpAMPConnectionSettings) {
        var (ours, theirs) = (OpAMPConnectionSettings(), OracleOpAMPConnectionSettings())
        draw.text(&ours.destinationEndpoint, &theirs.destinationEndpoint)
        draw.message(Headers.self) { (ours.headers, theirs.headers) = ($0, $1) }
        draw.message(TLSCertificate.self) { (ours.certificate, theirs.certificate) = ($0, $1) }
        draw.number(&ours.heartbeatIntervalSeconds, &theirs.heartbeatIntervalSeconds)
        draw.message(TLSConnectionSettings.self) { (ours.tls, theirs.tls) = ($0, $1) }
        draw.message(ProxyConnectionSettings.self) { (ours.proxy, theirs.proxy) = ($0, $1) }
        return (ours, theirs)
    }
}

extension TelemetryConnectionSettings: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (TelemetryConnectionSettings, OracleTelemetryConnectionSettings) {
        var (ours, theirs) = (TelemetryConnectionSettings(), OracleTelemetryConnectionSettings())
        draw.text(&ours.destinationEndpoint, &theirs.destinationEndpoint)
        draw.message(Headers.self) { (ours.headers, theirs.headers) = ($0, $1) }
        draw.message(TLSCertificate.self) { (ours.certificate, theirs.certificate) = ($0, $1) }
        draw.message(TLSConnectionSettings.self) { (ours.tls, theirs.tls) = ($0, $1) }
        draw.message(ProxyConnectionSettings.self) { (ours.proxy, theirs.proxy) = ($0, $1) }
        return (ours, theirs)
    }
}

extension OtherConnectionSettings: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (OtherConnectionSettings, OracleOtherConnectionSettings) {
        var (ours, theirs) = (OtherConnectionSettings(), OracleOtherConnectionSettings())
        draw.text(&ours.destinationEndpoint, &theirs.destinationEndpoint)
        draw.message(Headers.self) { (ours.headers, theirs.headers) = ($0, $1) }
        draw.message(TLSCertificate.self) { (ours.certificate, theirs.certificate) = ($0, $1) }
        draw.textMap(&ours.otherSettings, &theirs.otherSettings)
        draw.message(TLSConnectionSettings.self) { (ours.tls, theirs.tls) = ($0, $1) }
        draw.message(ProxyConnectionSettings.self) { (ours.proxy, theirs.proxy) = ($0, $1) }
        return (ours, theirs)
    }
}

extension TLSConnectionSettings: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (TLSConnectionSettings, OracleTLSConnectionSettings) {
        var (ours, theirs) = (TLSConnectionSettings(), OracleTLSConnectionSettings())
        draw.text(&ours.caPEMContents, &theirs.caPemContents)
        draw.flag(&ours.includeSystemCACertsPool, &theirs.includeSystemCaCertsPool)
        draw.flag(&ours.insecureSkipVerify, &theirs.insecureSkipVerify)
        draw.text(&ours.minVersion, &theirs.minVersion)
        draw.text(&ours.maxVersion, &theirs.maxVersion)
        draw.texts(&ours.cipherSuites, &theirs.cipherSuites)
        return (ours, theirs)
    }
}

extension TLSCertificate: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (TLSCertificate, OracleTLSCertificate) {
        var (ours, theirs) = (TLSCertificate(), OracleTLSCertificate())
        draw.bytes(&ours.cert, &theirs.cert)
        draw.bytes(&ours.privateKey, &theirs.privateKey)
        draw.bytes(&ours.caCert, &theirs.caCert)
        return (ours, theirs)
    }
}

extension Headers: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (Headers, OracleHeaders) {
        var (ours, theirs) = (Headers(), OracleHeaders())
        draw.messages(&ours.headers, &theirs.headers)
        return (ours, theirs)
    }
}

extension Header: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (Header, OracleHeader) {
        var (ours, theirs) = (Header(), OracleHeader())
        draw.text(&ours.key, &theirs.key)
        draw.text(&ours.value, &theirs.value)
        return (ours, theirs)
    }
}

extension ProxyConnectionSettings: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (ProxyConnectionSettings, OracleProxyConnectionSettings) {
        var (ours, theirs) = (ProxyConnectionSettings(), OracleProxyConnectionSettings())
        draw.text(&ours.url, &theirs.url)
        draw.message(Headers.self) { (ours.connectHeaders, theirs.connectHeaders) = ($0, $1) }
        return (ours, theirs)
    }
}

extension ConnectionSettingsRequest: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (ConnectionSettingsRequest, OracleConnectionSettingsRequest) {
        var (ours, theirs) = (ConnectionSettingsRequest(), OracleConnectionSettingsRequest())
        draw.message(OpAMPConnectionSettingsRequest.self) { (ours.opamp, theirs.opamp) = ($0, $1) }
        return (ours, theirs)
    }
}

extension OpAMPConnectionSettingsRequest: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (OpAMPConnectionSettingsRequest, OracleOpAMPConnectionSettingsRequest)
    {
        var (ours, theirs) = (OpAMPConnectionSettingsRequest(), OracleOpAMPConnectionSettingsRequest())
        draw.message(CertificateRequest.self) { (ours.certificateRequest, theirs.certificateRequest) = ($0, $1) }
        return (ours, theirs)
    }
}

extension CertificateRequest: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (CertificateRequest, OracleCertificateRequest) {
        var (ours, theirs) = (CertificateRequest(), OracleCertificateRequest())
        draw.bytes(&ours.csr, &theirs.csr)
        return (ours, theirs)
    }
}

extension ConnectionSettingsStatus: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (ConnectionSettingsStatus, OracleConnectionSettingsStatus) {
        var (ours, theirs) = (ConnectionSettingsStatus(), OracleConnectionSettingsStatus())
        draw.bytes(&ours.lastConnectionSettingsHash, &theirs.lastConnectionSettingsHash)
        draw.enumeration(&ours.status, &theirs.status)
        draw.text(&ours.errorMessage, &theirs.errorMessage)
        return (ours, theirs)
    }
}
