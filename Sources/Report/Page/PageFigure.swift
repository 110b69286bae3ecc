/// A chart of a page: its title, what its marks mean, the picture, and the same figures as a table.
struct PageFigure {
    /// An entry of the legend: a line's or an area's sample with its name.
    enum Key {
        case line(String, name: String)
        case area(String, name: String)
        /// Any other mark: an element within 30 by 12 units.
        case mark(String, name: String)
        case remark(String)
    }

    var title: String
    /// What is drawn, in words.
    var caption: String
    var keys: [Key] = []
    var svg: String
    var height = Plot.usualHeight
    /// The figures behind the picture, for those who cannot see it; the first cell of a row is its heading.
    var header: [String]
    var rows: [[String]]

    var html: String {
        let size = "0 0 \(Markup.coordinate(Plot.width)) \(Markup.coordinate(height))"
        let label = Markup.escaped("\(title): \(caption)")
        var text = PageText(capacity: svg.utf8.count + 128 * (rows.count + 8))
        text.add(
            """
            <figure><figcaption><b>\(Markup.escaped(title))</b> <span>\(Markup.escaped(caption))</span>\
            <ul class="legend">\(keys.map(Self.item).joined())</ul></figcaption>
            <svg viewBox="\(size)" role="img" tabindex="0" aria-label="\(label)">

            """)
        text.add(svg)
        text.add("</svg>\n<details class=\"data\"><summary>Figures<span class=\"apart\"> of ")
        text.add(escaped: title)
        text.add("</span></summary>")
        text.add(Markup.table(header: header, rows: rows))
        text.add("</details></figure>")
        return text.string
    }

    private static func item(_ key: Key) -> String {
        switch key {
        case .line(let colour, let name): sample("<path class=\"line \(colour)\" d=\"M1 6H29\"/>", name)
        case .area(let colour, let name):
            sample("<rect class=\"stack\" width=\"30\" height=\"12\" \(PageStyle.fill(colour))/>", name)
        case .mark(let element, let name): sample(element, name)
        case .remark(let text): "<li>\(Markup.escaped(text))</li>"
        }
    }

    private static func sample(_ element: String, _ name: String) -> String {
        "<li><svg class=\"key\" viewBox=\"0 0 30 12\" aria-hidden=\"true\">\(element)</svg>\(Markup.escaped(name))</li>"
    }
}
