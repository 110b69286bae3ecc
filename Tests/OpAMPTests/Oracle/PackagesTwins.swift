import OpAMP

/// Random twins of the messages in `Packages`: the same content in Muster's type and in the oracle's, field by field,
/// by name.
extension PackagesAvailable: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (PackagesAvailable, OraclePackagesAvailable) {
        var (ours, theirs) = (PackagesAvailable(), OraclePackagesAvailable())
        draw.map(&ours.packages, &theirs.packages)
        draw.bytes(&ours.allPackagesHash, &theirs.allPackagesHash)
        return (ours, theirs)
    }
}

extension PackageAvailable: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (PackageAvailable, OraclePackageAvailable) {
        var (ours, theirs) = (PackageAvailable(), OraclePackageAvailable())
        draw.enumeration(&ours.type, &theirs.type)
        draw.text(&ours.version, &theirs.version)
        draw.message(DownloadableFile.self) { (ours.file, theirs.file) = ($0, $1) }
        draw.bytes(&ours.hash, &theirs.hash)
        return (ours, theirs)
    }
}

extension DownloadableFile: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (DownloadableFile, OracleDownloadableFile) {
        var (ours, theirs) = (DownloadableFile(), OracleDownloadableFile())
        draw.text(&ours.downloadURL, &theirs.downloadURL)
        draw.bytes(&ours.contentHash, &theirs.contentHash)
        draw.bytes(&ours.signature, &theirs.signature)
        draw.message(Headers.self) { (ours.headers, theirs.headers) = ($0, $1) }
        return (ours, theirs)
    }
}

extension PackageStatuses: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (PackageStatuses, OraclePackageStatuses) {
        var (ours, theirs) = (PackageStatuses(), OraclePackageStatuses())
        draw.map(&ours.packages, &theirs.packages)
        draw.bytes(&ours.serverProvidedAllPackagesHash, &theirs.serverProvidedAllPackagesHash)
        draw.text(&ours.errorMessage, &theirs.errorMessage)
        return (ours, theirs)
    }
}

extension PackageStatus: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (PackageStatus, OraclePackageStatus) {
        var (ours, theirs) = (PackageStatus(), OraclePackageStatus())
        draw.text(&ours.name, &theirs.name)
        draw.text(&ours.agentHasVersion, &theirs.agentHasVersion)
        draw.bytes(&ours.agentHasHash, &theirs.agentHasHash)
        draw.text(&ours.serverOfferedVersion, &theirs.serverOfferedVersion)
        draw.bytes(&ours.serverOfferedHash, &theirs.serverOfferedHash)
        draw.enumeration(&ours.status, &theirs.status)
        draw.text(&ours.errorMessage, &theirs.errorMessage)
        draw.message(PackageDownloadDetails.self) { (ours.downloadDetails, theirs.downloadDetails) = ($0, $1) }
        return (ours, theirs)
    }
}

extension PackageDownloadDetails: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (PackageDownloadDetails, OraclePackageDownloadDetails) {
        var (ours, theirs) = (PackageDownloadDetails(), OraclePackageDownloadDetails())
        draw.real(&ours.downloadPercent, &theirs.downloadPercent)
        draw.real(&ours.downloadBytesPerSecond, &theirs.downloadBytesPerSecond)
        return (ours, theirs)
    }
}
