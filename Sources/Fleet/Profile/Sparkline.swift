/// A curve in one line of text.
enum Sparkline {
    private static let bars: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

    /// One column for each level in 0 ... 1; zero is a blank.
    static func text(_ levels: [Double]) -> String {
        String(
            levels.map { level in
                guard level > 0 else { return " " }
                return bars[min(Int(level * Double(bars.count)), bars.count - 1)]
            })
    }
}
