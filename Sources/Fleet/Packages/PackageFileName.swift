/// What the names of package files say: `collector-0.115.0.tar.gz` is version 0.115.0 of the package collector.
public enum PackageFileName {
    private static let endings = [
        ".tar.gz", ".tar.xz", ".tar.zst", ".tar.bz2", ".tgz", ".tar", ".zip", ".gz", ".deb", ".rpm", ".apk", ".exe",
        ".msi",
    ]

    /// The version of a file of the package of that name; nil where the name says none.
    public static func version(of file: String, package: String) -> String? {
        let stem = stem(of: file)
        if stem.hasPrefix(package + "-") || stem.hasPrefix(package + "_") {
            let version = String(stem.dropFirst(package.count + 1))
            return version.isEmpty ? nil : version
        }
        return parts(of: file)?.version
    }

    /// Name and version, divided at the first `-` or `_` before a digit, or before a `v` and a digit; nil where there
    /// is none.
    public static func parts(of file: String) -> (name: String, version: String)? {
        let stem = Array(stem(of: file))
        for index in stem.indices.dropFirst() where stem[index] == "-" || stem[index] == "_" {
            var rest = stem[(index + 1)...]
            if rest.first == "v" { rest = rest.dropFirst() }
            guard let first = rest.first, first.isASCII, first.isNumber else { continue }
            return (String(stem[..<index]), String(rest))
        }
        return nil
    }

    private static func stem(of file: String) -> String {
        let name = file.split(separator: "/").last.map(String.init) ?? file
        let ending = endings.first { name.hasSuffix($0) && name.count > $0.count }
        return String(name.dropLast(ending?.count ?? 0))
    }
}
