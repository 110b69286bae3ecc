public import OrderedCollections

/// The packages that the server offers to an agent (spec: PackagesAvailable Message).
public struct PackagesAvailable: Equatable, Sendable {
    /// The offered packages by name.
    public var packages: OrderedDictionary<String, PackageAvailable> = [:]
    /// The server's hash over all offered packages, names included.
    public var allPackagesHash: [UInt8] = []

    public init() {}

    public init(packages: OrderedDictionary<String, PackageAvailable> = [:], allPackagesHash: [UInt8] = []) {
        self.packages = packages
        self.allPackagesHash = allPackagesHash
    }
}

extension PackagesAvailable: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {
        visitor.bytes(2, allPackagesHash)
        visitor.map(1, packages)
    }

    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        switch field.number {
        case 1: try reader.map(field, into: &packages)
        case 2: try reader.bytes(field, into: &allPackagesHash)
        default: try reader.skip(field)
        }
    }
}

/// One offered package (spec: PackageAvailable Message).
public struct PackageAvailable: Equatable, Sendable {
    /// Whether it replaces the agent or adds to it.
    public var type: PackageType = .topLevel
    /// The offered version, in the package's own notation.
    public var version: String = ""
    /// Where the content is.
    public var file: DownloadableFile?
    /// The server's hash of the package, name and content.
    public var hash: [UInt8] = []

    public init() {}

    public init(
        type: PackageType = .topLevel,
        version: String = "",
        file: DownloadableFile? = nil,
        hash: [UInt8] = []
    ) {
        self.type = type
        self.version = version
        self.file = file
        self.hash = hash
    }
}

extension PackageAvailable: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {
        visitor.bytes(4, hash)
        visitor.message(3, file)
        visitor.string(2, version)
        visitor.enumeration(1, type)
    }

    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        switch field.number {
        case 1: try reader.enumeration(field, into: &type)
        case 2: try reader.string(field, into: &version)
        case 3: try reader.message(field, into: &file)
        case 4: try reader.bytes(field, into: &hash)
        default: try reader.skip(field)
        }
    }
}

/// Where a package's content is fetched from and how it is checked (spec: DownloadableFile Message).
public struct DownloadableFile: Equatable, Sendable {
    /// An HTTP(S) address to GET.
    public var downloadURL: String = ""
    /// The hash of the file's content.
    public var contentHash: [UInt8] = []
    /// The signature of the content, checked where the agent is set up to; may be empty.
    public var signature: [UInt8] = []
    /// Request headers for the download, such as an access token.
    public var headers: Headers?

    public init() {}

    public init(downloadURL: String = "", contentHash: [UInt8] = [], signature: [UInt8] = [], headers: Headers? = nil) {
        self.downloadURL = downloadURL
        self.contentHash = contentHash
        self.signature = signature
        self.headers = headers
    }
}

extension DownloadableFile: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {
        visitor.message(4, headers)
        visitor.bytes(3, signature)
        visitor.bytes(2, contentHash)
        visitor.string(1, downloadURL)
    }

    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        switch field.number {
        case 1: try reader.string(field, into: &downloadURL)
        case 2: try reader.bytes(field, into: &contentHash)
        case 3: try reader.bytes(field, into: &signature)
        case 4: try reader.message(field, into: &headers)
        default: try reader.skip(field)
        }
    }
}
