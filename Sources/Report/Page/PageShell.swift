/// What all pages have in common: the head, the style, the script that shows values, sections and cards. A page needs
/// nothing else: nothing is fetched, and without the script only the values under the pointer are missing.
enum PageShell {
    static func html(title: String, body: String, script: String = PageShell.script) -> String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(Markup.escaped(title)) · Muster</title>
        <style>
        \(PageStyle.css)
        </style>
        </head>
        <body>
        <main>
        \(body)
        </main>
        <script>
        \(script)
        </script>
        </body>
        </html>

        """
    }

    static func section(_ title: String, _ content: String) -> String {
        content.isEmpty ? "" : "<section><h2>\(Markup.escaped(title))</h2>\n\(content)</section>"
    }

    /// Charts side by side, with the patterns that their areas are filled with; those that are empty are left out.
    static func charts(_ charts: [String]) -> String {
        let drawn = charts.filter { !$0.isEmpty }
        guard !drawn.isEmpty else { return "" }
        return "\(PageStyle.hatches)<div class=\"charts\">\(drawn.joined(separator: "\n"))</div>"
    }

    /// A section of charts; nothing where all of them are empty.
    static func addCharts(_ charts: [String], to text: inout PageText) {
        let drawn = charts.filter { !$0.isEmpty }
        guard let last = drawn.last else { return }
        text.add("<section><h2>Charts</h2>\n\(PageStyle.hatches)<div class=\"charts\">")
        for chart in drawn.dropLast() {
            text.add(chart)
            text.add("\n")
        }
        text.add(last)
        text.add("</div></section>")
    }

    static func card(_ label: String, _ figure: String, _ remark: String, _ kind: String = "") -> String {
        "<div class=\"card \(kind)\"><span>\(Markup.escaped(label))</span><strong>\(Markup.escaped(figure))</strong>"
            + "<span>\(Markup.escaped(remark))</span></div>"
    }

    /// A block that says how something ended, in words, with remarks below.
    /// - Parameter kind: the class that gives it its colour and border: see `PageStyle`.
    static func verdict(_ kind: String, _ sentence: String, _ remarks: [String] = []) -> String {
        let items = remarks.map { "<li>\(Markup.escaped($0))</li>" }.joined()
        let list = items.isEmpty ? "" : "<ul>\(items)</ul>"
        return "<div class=\"verdict \(kind)\"><b>\(Markup.escaped(sentence))</b>\(list)</div>"
    }

    /// Shows the values of a chart at the pointer, and with the arrow keys where the chart has the focus.
    static let script = """
        (() => {
          const tip = document.createElement('div');
          tip.id = 'tip';
          tip.hidden = true;
          tip.setAttribute('role', 'status');
          document.body.append(tip);
          const show = (hint, x, y) => {
            tip.textContent = hint.dataset.h;
            tip.hidden = false;
            tip.style.left = Math.max(4, Math.min(x + 14, innerWidth - tip.offsetWidth - 8)) + 'px';
            tip.style.top = Math.max(4, Math.min(y + 14, innerHeight - tip.offsetHeight - 8)) + 'px';
          };
          addEventListener('pointermove', event => {
            const hint = event.target.closest && event.target.closest('.hint');
            if (hint) show(hint, event.clientX, event.clientY); else tip.hidden = true;
          });
          addEventListener('scroll', () => { tip.hidden = true; });
          addEventListener('keydown', event => {
            const chart = document.activeElement, step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
            if (event.key === 'Escape') tip.hidden = true;
            if (!step || !chart || !chart.matches('figure > svg')) return;
            const hints = [...chart.querySelectorAll('.hint')];
            const last = hints.findIndex(hint => hint.classList.contains('on'));
            const place = Math.max(0, Math.min(hints.length - 1, last < 0 ? 0 : last + step));
            hints.forEach((hint, index) => hint.classList.toggle('on', index === place));
            const box = hints[place].getBoundingClientRect();
            show(hints[place], box.x, box.y);
            event.preventDefault();
          });
        })();
        """
}
