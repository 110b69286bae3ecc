public import OrderedCollections

/// The state of every package that an agent has or was offered (spec: PackageStatuses Message).
public struct PackageStatuses: Equatable, Sendable {
    /// The packages by name.
    public var packages: OrderedDictionary<String, PackageStatus> = [:]
    /// The `allPackagesHash` of the last offer that the agent received.
    public var serverProvidedAllPackagesHash: [UInt8] = []
    /// What went wrong with the offer as a whole; empty when nothing did.
    public var errorMessage: String = ""

    public init() {}

    public init(
        packages: OrderedDictionary<String, PackageStatus> = [:],
        serverProvidedAllPackagesHash: [UInt8] = [],
        errorMessage: String = ""
    ) {
        self.packages = packages
        self.serverProvidedAllPackagesHash = serverProvidedAllPackagesHash
        self.errorMessage = errorMessage
    }
}

extension PackageStatuses: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {
        visitor.string(3, errorMessage)
        visitor.bytes(2, serverProvidedAllPackagesHash)
        visitor.map(1, packages)
    }

    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        switch field.number {
        case 1: try reader.map(field, into: &packages)
        case 2: try reader.bytes(field, into: &serverProvidedAllPackagesHash)
        case 3: try reader.string(field, into: &errorMessage)
        default: try reader.skip(field)
        }
    }
}

/// The state of one package (spec: PackageStatus Message).
public struct PackageStatus: Equatable, Sendable {
    /// The package's name, equal to its key in the map.
    public var name: String = ""
    /// The installed version; empty when not installed.
    public var agentHasVersion: String = ""
    /// The installed package's hash; empty when not installed.
    public var agentHasHash: [UInt8] = []
    /// The version last offered; empty when the package was installed locally.
    public var serverOfferedVersion: String = ""
    /// The hash last offered; empty when the package was installed locally.
    public var serverOfferedHash: [UInt8] = []
    /// How far the installation is.
    public var status: PackageStatusEnum = .installed
    /// Why it failed, for people.
    public var errorMessage: String = ""
    /// The download's progress; only while downloading.
    public var downloadDetails: PackageDownloadDetails?

    public init() {}

    public init(
        name: String = "",
        agentHasVersion: String = "",
        agentHasHash: [UInt8] = [],
        serverOfferedVersion: String = "",
        serverOfferedHash: [UInt8] = [],
        status: PackageStatusEnum = .installed,
        errorMessage: String = "",
        downloadDetails: PackageDownloadDetails? = nil
    ) {
        self.name = name
        self.agentHasVersion = agentHasVersion
        self.agentHasHash = agentHasHash
        self.serverOfferedVersion = serverOfferedVersion
        self.serverOfferedHash = serverOfferedHash
        self.status = status
        self.errorMessage = errorMessage
        self.downloadDetails = downloadDetails
    }
}

extension PackageStatus: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {
        visitor.message(8, downloadDetails)
        visitor.string(7, errorMessage)
        visitor.enumeration(6, status)
        visitor.bytes(5, serverOfferedHash)
        visitor.string(4, serverOfferedVersion)
        visitor.bytes(3, agentHasHash)
        visitor.string(2, agentHasVersion)
        visitor.string(1, name)
    }

    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        switch field.number {
        case 1: try reader.string(field, into: &name)
        case 2: try reader.string(field, into: &agentHasVersion)
        case 3: try reader.bytes(field, into: &agentHasHash)
        case 4: try reader.string(field, into: &serverOfferedVersion)
        case 5: try reader.bytes(field, into: &serverOfferedHash)
        case 6: try reader.enumeration(field, into: &status)
        case 7: try reader.string(field, into: &errorMessage)
        case 8: try reader.message(field, into: &downloadDetails)
        default: try reader.skip(field)
        }
    }
}

/// The progress of a package's download.
public struct PackageDownloadDetails: Equatable, Sendable {
    /// How much is here, in percent.
    public var downloadPercent: Double = 0
    /// The current rate, in bytes a second.
    public var downloadBytesPerSecond: Double = 0

    public init() {}

    public init(downloadPercent: Double = 0, downloadBytesPerSecond: Double = 0) {
        self.downloadPercent = downloadPercent
        self.downloadBytesPerSecond = downloadBytesPerSecond
    }
}

extension PackageDownloadDetails: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {
        visitor.double(2, downloadBytesPerSecond)
        visitor.double(1, downloadPercent)
    }

    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        switch field.number {
        case 1: try reader.double(field, into: &downloadPercent)
        case 2: try reader.double(field, into: &downloadBytesPerSecond)
        default: try reader.skip(field)
        }
    }
}
