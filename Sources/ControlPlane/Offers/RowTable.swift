/// A row of texts that agents share. It is freed with the last agent that has it.
final class SharedRow<Cell: Hashable & Sendable>: Sendable {
    let cells: [Cell]

    init(_ cells: [Cell]) {
        self.cells = cells
    }
}

/// Rows of texts that many agents share, each stored once. Agents choose the texts, so all of it is bounded: the
/// bytes of a row, the number of rows and their bytes together. Rows that no agent has any more are removed once room
/// is needed.
struct RowTable<Cell: Hashable & Sendable>: Sendable {
    struct Limits: Sendable {
        /// How many rows.
        var rows: Int
        /// How many bytes a row may use.
        var bytesPerRow: Int
        /// How many bytes all rows may use together.
        var bytes: Int
    }

    private var rows: [[Cell]: SharedRow<Cell>] = [:]
    private let limits: Limits
    private let size: @Sendable (Cell) -> Int
    /// How many bytes the rows use.
    private(set) var byteCount = 0
    /// How many rows were refused since rows were last removed.
    private var refused = 0

    /// - Parameter size: how many bytes a cell's text has.
    init(_ limits: Limits, size: @escaping @Sendable (Cell) -> Int) {
        self.limits = limits
        self.size = size
    }

    var count: Int { rows.count }

    /// The shared form of a row, new or known; nil where it is too large or there is no room for another. Cost: a
    /// look-up in a hash table; rarely, one pass over the table.
    mutating func shared(_ row: [Cell]) -> SharedRow<Cell>? {
        let bytes = Self.overhead + row.reduce(0) { $0 + size($1) + MemoryLayout<Cell>.stride }
        guard bytes <= limits.bytesPerRow else { return nil }
        if let known = rows[row] { return known }
        if !hasRoom(for: bytes) {
            refused += 1
            // A pass over the table is worth it once as many rows were refused as it would look at.
            guard refused > rows.count / 2 else { return nil }
            removeUnused()
            guard hasRoom(for: bytes) else { return nil }
        }
        let new = SharedRow(row)
        rows[row] = new
        byteCount += bytes
        return new
    }

    private func hasRoom(for bytes: Int) -> Bool {
        rows.count < limits.rows && byteCount + bytes <= limits.bytes
    }

    /// Removes the rows that no agent has.
    private mutating func removeUnused() {
        refused = 0
        var unused: [[Cell]] = []
        // Not `rows.indices`, which would be a second reference to each row.
        var index = rows.startIndex
        while index != rows.endIndex {
            if isKnownUniquelyReferenced(&rows.values[index]) { unused.append(rows.keys[index]) }
            rows.formIndex(after: &index)
        }
        for row in unused {
            rows[row] = nil
            byteCount -= Self.overhead + row.reduce(0) { $0 + size($1) + MemoryLayout<Cell>.stride }
        }
    }

    /// What a row costs besides its cells: an object, an array and its place in the table, about.
    private static var overhead: Int { 128 }
}
