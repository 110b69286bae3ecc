import OpAMP

/// Random twins of the messages in `AnyValue`: the same content in Muster's type and in the oracle's, field by field,
/// by name.
extension KeyValue: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (KeyValue, OracleKeyValue) {
        var (ours, theirs) = (KeyValue(), OracleKeyValue())
        draw.text(&ours.key, &theirs.key)
        draw.message(AnyValue.self) { (ours.value, theirs.value) = ($0, $1) }
        return (ours, theirs)
    }
}

extension ArrayValue: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (ArrayValue, OracleArrayValue) {
        var (ours, theirs) = (ArrayValue(), OracleArrayValue())
        draw.messages(&ours.values, &theirs.values)
        return (ours, theirs)
    }
}

extension KeyValueList: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (KeyValueList, OracleKeyValueList) {
        var (ours, theirs) = (KeyValueList(), OracleKeyValueList())
        draw.messages(&ours.values, &theirs.values)
        return (ours, theirs)
    }
}
