/// What the text of a schema says: the messages, enums and flags of a protocol, a line for each field.
struct ProtocolSchema {
    var sections: [Section] = []
    var views: [View] = []
    var shorts: [Short] = []
    var paths: [Path] = []

    /// Types that belong to one file and to one part of the reference.
    struct Section {
        var file: String
        var title: String
        var types: [Declaration] = []
    }

    struct Declaration {
        enum Kind: String {
            case message, union, flags, `enum`
        }

        var kind: Kind
        var name: String
        var since: String
        var sentence: String
        var fields: [Field] = []
    }

    struct Field {
        var number: Int
        var name: String
        var swiftName: String
        var type: FieldType
        /// Kept in memory of its own.
        var isRare = false
        /// Its presence counts even where it has its default value: a number in a oneof.
        var isExplicit = false
        var oneof: String?
        var since: String
        var sentence: String

        /// The field's whole tag on the wire.
        var tag: Int { number << 3 | type.layout }
    }

    indirect enum FieldType: Equatable {
        case text, bytes, uid, bool, uint64, int64, uint32, fixed64, sfixed64, fixed32, double
        case enumeration(String), flags(String), message(String)
        case list(FieldType), map(FieldType)
    }

    /// What a view shows of a message that is read where it lies.
    struct View {
        var message: String
        /// The name of the method that builds the whole value.
        var valueName: String
        var looks: [(name: String, path: [String])] = []
    }

    /// A message that is encoded from arguments.
    struct Short {
        var name: String
        var message: String
        var fields: [(name: String, isOptional: Bool)]
        var sentence: String
    }

    /// The way from a message to fields deep in it: at each step the names of alternatives.
    struct Path {
        var name: String
        var message: String
        var steps: [[String]]
    }

    var types: [Declaration] { sections.flatMap(\.types) }

    func type(_ name: String) -> Declaration? { types.first { $0.name == name } }
}

extension ProtocolSchema.FieldType {
    /// Protocol Buffers' wire type.
    var layout: Int {
        switch self {
        case .bool, .uint64, .int64, .uint32, .enumeration, .flags: 0
        case .fixed64, .sfixed64, .double: 1
        case .fixed32: 5
        default: 2
        }
    }

    /// The type as the schema writes it.
    var schemaText: String {
        switch self {
        case .text: "string"
        case .list(let element): "[\(element.schemaText)]"
        case .map(let element): "{\(element.schemaText)}"
        case .enumeration(let name), .flags(let name), .message(let name): name
        default: "\(self)"
        }
    }
}
