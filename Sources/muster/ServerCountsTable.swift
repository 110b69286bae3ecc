import ControlPlane

/// The server's own count, a line each, for the end of `muster serve`.
enum ServerCountsTable {
    static func text(for counts: ServerCounts) -> String {
        ServerCounts.fields
            .map { field in (field.name, counts[keyPath: field.path]) }
            .filter { $0.1 > 0 }
            .map { name, value in "  \(name): \(value)" }
            .joined(separator: "\n")
    }
}
