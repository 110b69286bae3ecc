import OpAMP

/// Random twins of the messages in `Custom`: the same content in Muster's type and in the oracle's, field by field, by
/// name.
extension CustomCapabilities: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (CustomCapabilities, OracleCustomCapabilities) {
        var (ours, theirs) = (CustomCapabilities(), OracleCustomCapabilities())
        draw.texts(&ours.capabilities, &theirs.capabilities)
        return (ours, theirs)
    }
}

extension CustomMessage: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (CustomMessage, OracleCustomMessage) {
        var (ours, theirs) = (CustomMessage(), OracleCustomMessage())
        draw.text(&ours.capability, &theirs.capability)
        draw.text(&ours.type, &theirs.type)
        draw.bytes(&ours.data, &theirs.data)
        return (ours, theirs)
    }
}
