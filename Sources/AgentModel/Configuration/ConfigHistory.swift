/// Configurations that worked, the newest last. Those of an agent of a simulated fleet are revisions of a table, a byte
/// each in one word, the newest in the lowest; others are a list.
struct ConfigHistory {
    private var list: [ReceivedConfig] = []
    private var word: UInt32 = 0
    /// Nil: they are a list.
    private var table: RevisionTable?

    /// So many fit into a word.
    static let wordLimit = 4

    init() {}

    /// Becomes that of a word of revisions of a table.
    mutating func become(_ word: UInt32, _ table: RevisionTable) {
        self.word = word
        if let own = self.table, own.isSame(as: table) { return }
        (list, self.table) = ([], table)
    }

    var configs: [ReceivedConfig] {
        guard let table else { return list }
        return (0..<Self.wordLimit).reversed().compactMap {
            table.config(UInt8(truncatingIfNeeded: word >> UInt32($0 * 8)))
        }
    }

    var last: ReceivedConfig? {
        guard let table else { return list.last }
        return table.config(UInt8(truncatingIfNeeded: word))
    }

    /// As a word of revisions of a table; nil where they do not fit, or are none of it.
    func word(_ table: RevisionTable) -> UInt32? {
        if let own = self.table, own.isSame(as: table) { return word }
        let configs = self.configs
        guard configs.count <= Self.wordLimit else { return nil }
        var word: UInt32 = 0
        for config in configs {
            let revision = table.revision(of: config)
            guard revision > 0 else { return nil }
            word = word << 8 | UInt32(revision)
        }
        return word
    }

    /// Adds the newest; of more than `limit` the oldest goes.
    mutating func append(_ config: ReceivedConfig, limit: Int) {
        if let table, limit == Self.wordLimit {
            let revision = table.revision(of: config)
            if revision > 0 {
                word = word << 8 | UInt32(revision)
                return
            }
        }
        becomeList()
        list.append(config)
        if list.count > limit { list.removeFirst() }
    }

    mutating func removeLast() {
        if table != nil {
            word >>= 8
        } else {
            list.removeLast()
        }
    }

    private mutating func becomeList() {
        guard table != nil else { return }
        list = configs
        (table, word) = (nil, 0)
    }
}
