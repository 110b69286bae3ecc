/// Groups of bars beside each other on one scale.
struct BarChart {
    struct Row {
        var name: String
        /// One of each series.
        var values: [Double]
    }

    var title: String
    var caption: String
    var series: [(name: String, colour: String)]
    var rows: [Row]
    var format: (Double) -> String

    var html: String {
        let used = series.indices.filter { place in rows.contains { $0.values[place] > 0 } }
        guard !used.isEmpty, let most = rows.flatMap(\.values).max(), most > 0 else { return "" }
        let plot = Plot(bottom: 26)
        let scale = Scale.linear(reaching: most)
        let width = plot.innerWidth / Double(rows.count)
        let bar = min(width * 0.8 / Double(used.count), 40)
        // As many names as there is room for.
        let room = Double(rows.map(\.name.count).max() ?? 1)
        let step = max(Int((room * Plot.characterWidth.screen + 6) / width) + 1, 1)
        let phoneStep = max(Int((room * Plot.characterWidth.phone + 6) / width) + 1, 1)
        var svg = plot.rows(scale, format)
        for (index, row) in rows.enumerated() {
            let middle = plot.left + (Double(index) + 0.5) * width
            var x = middle - bar * Double(used.count) / 2
            for place in used where row.values[place] > 0 {
                let y = plot.y(row.values[place], scale)
                svg +=
                    "<path class=\"stack\" \(PageStyle.fill(series[place].colour)) d=\"M\(Drawing.point(x, y))"
                    + "h\(Markup.coordinate(bar))V\(Markup.coordinate(plot.foot))h-\(Markup.coordinate(bar))Z\"/>\n"
                x += bar
            }
            if index.isMultiple(of: step) {
                let kind = index.isMultiple(of: phoneStep) ? "middle" : "middle wide"
                svg += Drawing.text(middle, plot.height - 7, row.name, kind)
            }
            svg += Drawing.hint(
                middle - width / 2, plot.top, width, plot.innerHeight,
                [row.name] + used.map { "\(series[$0].name): \(format(row.values[$0]))" })
        }
        return PageFigure(
            title: title, caption: caption, keys: used.map { .area(series[$0].colour, name: series[$0].name) },
            svg: svg, header: [""] + used.map { series[$0].name },
            rows: rows.map { row in [row.name] + used.map { format(row.values[$0]) } }
        ).html
    }
}
