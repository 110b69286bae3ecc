import Basis
import Fleet
import Foundation
import Hosting
import Schema

/// How `muster serve` serves layers of configuration and channels of packages.
enum LayerServing {
    /// Nil: there are none.
    /// - Parameters:
    ///   - path: the file with them.
    ///   - versions: the file with their histories.
    ///   - hasPackages: whether there is a folder with package files.
    static func desk(_ path: String?, versions: String?, hasPackages: Bool) throws -> VersionDesk? {
        guard let path else {
            guard versions == nil else {
                throw Failure(.badUsage, "--versions: there are no layers and channels; add --layers FILE.")
            }
            return nil
        }
        let bytes: [UInt8]
        do throws(FileError) { bytes = try Files.read(path, limit: Tree.maxBytes, onlyRegular: true) } catch {
            throw Failure(.badUsage, "--layers: \(error)")
        }
        let served: ServedVersions
        do throws(Problems) {
            served = try ServedVersions.schema.read(
                bytes, source: path, folder: URL(fileURLWithPath: path).deletingLastPathComponent().path)
        } catch { throw Failure(.badUsage, "--layers: \(error)") }
        guard hasPackages || served.channels.isEmpty else {
            throw Failure(.badUsage, "--layers: channels have files of a folder; add --packages DIR.")
        }
        do throws(RunError) { return try served.desk(file: versions) } catch {
            throw Failure(.badUsage, "--layers: \(error)")
        }
    }

    static func serve(
        _ desk: VersionDesk, on server: OpAMPServer, _ store: PackageStore?, base: String, _ access: PackageAccess
    ) throws {
        do throws(RunError) { try desk.serve(on: server, store, base: base, access) } catch {
            throw Failure(.badUsage, "--layers: \(error)")
        }
        if let recovered = desk.recovered { print("\(recovered) versions of layers and channels were kept") }
    }
}
