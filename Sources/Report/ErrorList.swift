import Metrics

/// The errors that occurred, the most frequent first.
enum ErrorList {
    struct Entry {
        let counter: Counter
        let count: UInt64
        let fault: Counter.Origin

        var faultText: String {
            switch fault {
            case .network: "network"
            case .server: "server"
            case .tool: "this machine"
            }
        }
    }

    static func entries(_ counters: CounterTable) -> [Entry] {
        Counter.errors
            .compactMap { counter -> Entry? in
                guard counters[counter] > 0, case .error(let fault) = counter.family else { return nil }
                return Entry(counter: counter, count: counters[counter], fault: fault)
            }
            .sorted { ($1.count, $0.counter.rawValue) < ($0.count, $1.counter.rawValue) }
    }
}
