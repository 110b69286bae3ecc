/// Text in lines of a readable width.
public enum Prose {
    /// Lines that are wider than this are hard to read, however wide the terminal.
    private static let maxWidth = 100

    /// - Returns: lines of at most `width` columns, and at most 100; a longer word is a line by itself.
    public static func wrapped(_ text: String, width: Int) -> [String] {
        let width = max(min(width, maxWidth), 20)
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        return line.isEmpty ? lines : lines + [line]
    }
}
