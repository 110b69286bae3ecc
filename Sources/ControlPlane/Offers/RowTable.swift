/// Rows of texts that many agents share, each stored once and known by its number.
struct RowTable<Cell: Hashable & Sendable>: Sendable {
    private var rows: [[Cell]]
    private var numbers: [[Cell]: UInt32]
    private let limit: Int

    /// - Parameters:
    ///   - first: The row with the number 0, which stands for every row beyond the limit as well.
    ///   - limit: Rows at most.
    init(first: [Cell], limit: Int) {
        rows = [first]
        numbers = [first: 0]
        self.limit = limit
    }

    /// The number of a row, new or known. Cost: a look-up in a hash table.
    mutating func number(of row: [Cell]) -> UInt32 {
        if let number = numbers[row] { return number }
        guard rows.count < limit else { return 0 }
        let number = UInt32(rows.count)
        rows.append(row)
        numbers[row] = number
        return number
    }

    func row(_ number: UInt32) -> [Cell] {
        rows[Int(number)]
    }
}
