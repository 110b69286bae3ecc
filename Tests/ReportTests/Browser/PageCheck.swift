import Foundation

/// What is checked of a page in a browser: a script that looks at the boxes of what is drawn, and writes what it finds
/// into the page. Boxes, not pixels: fonts differ from machine to machine.
enum PageCheck {
    /// Begins and ends the list of problems in the page's text.
    static let mark = "@@problems@@"

    /// The page with the script at its end.
    static func instrumented(_ html: String) -> String {
        html.replacing("</body>", with: "<script>\(script)</script></body>")
    }

    /// The problems in what the browser made of an instrumented page; nil: the script did not run.
    static func problems(_ document: String) -> [String]? {
        let parts = document.components(separatedBy: mark)
        // The script's own text has the mark, too, before its result.
        guard parts.count >= 3, let result = parts.dropLast().last else { return nil }
        return result.split(separator: "\n").map(String.init)
    }

    private static let script = """
        (() => {
          const problems = [];
          const say = (...words) => problems.push(words.join(' ').replace(/\\s+/g, ' '));
          const box = element => element.getBoundingClientRect();
          const isSeen = element => { const b = box(element); return b.width > 0 && b.height > 0; };
          const short = element => element.textContent.trim().slice(0, 40);
          const overlap = (a, b) => Math.min(Math.min(a.right, b.right) - Math.max(a.left, b.left),
            Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top));
          if (document.documentElement.scrollWidth > innerWidth + 1)
            say('the page is wider than its window:', document.documentElement.scrollWidth, 'of', innerWidth);
          for (const figure of document.querySelectorAll('figure')) {
            const title = figure.querySelector('figcaption b').textContent;
            const svg = figure.querySelector(':scope > svg'), frame = box(figure), area = box(svg);
            const marks = [...svg.querySelectorAll(
              '.line, .range, .stack, .heat, .whisker, .fill, .ring, .mark')].map(box)
              .filter(b => b.width > 0.5 || b.height > 0.5);
            if (!marks.length) say(title + ': nothing is drawn');
            for (const b of marks)
              if (b.left < area.left - 1 || b.right > area.right + 1 || b.top < area.top - 1
                || b.bottom > area.bottom + 1) {
                say(title + ': a mark is outside of the chart');
                break;
              }
            const texts = [...svg.querySelectorAll('text')].filter(isSeen);
            if (texts.length < 2) say(title + ': no labels');
            for (const text of texts) {
              const b = box(text);
              if (b.left < frame.left || b.right > frame.right || b.top < frame.top || b.bottom > frame.bottom)
                say(title + ": the label '" + short(text) + "' is cut off");
            }
            texts.forEach((one, index) => {
              for (const other of texts.slice(index + 1))
                if (overlap(box(one), box(other)) > 1.5)
                  say(title + ": the labels '" + short(one) + "' and '" + short(other) + "' overlap");
            });
            const caption = box(figure.querySelector('figcaption'));
            if (texts.some(text => overlap(box(text), caption) > 1.5)) say(title + ': a label is over the caption');
            const rows = figure.querySelectorAll('details.data tbody tr').length;
            if (!rows) say(title + ': no table behind the chart');
          }
          for (const kind of ['figure', '.card', '.legend li', '.verdict', 'h2', '.controls > *']) {
            const seen = [...document.querySelectorAll(kind)].filter(isSeen);
            for (const element of seen)
              if (element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).display !== 'inline')
                say(kind, "'" + short(element) + "' is wider than its box");
            seen.forEach((one, index) => {
              const other = seen[index + 1];
              if (other && overlap(box(one), box(other)) > 1) say(kind, "'" + short(one) + "' overlaps the next");
            });
          }
          const ink = getComputedStyle(document.body).color, ground = getComputedStyle(document.body).backgroundColor;
          const light = colour => {
            const parts = colour.match(/[\\d.]+/g).slice(0, 3).map(part => part / 255)
              .map(part => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
            return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
          };
          const contrast = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
          for (const element of [document.body, document.querySelector('figure text'), document.querySelector('th')]) {
            if (!element) continue;
            const style = getComputedStyle(element);
            const colour = element.tagName === 'text' ? style.fill : style.color;
            if (contrast(colour, ground) < 4.5) say('too little contrast of', element.tagName, colour, 'on', ground);
          }
          if (matchMedia('(prefers-color-scheme: dark)').matches && light(ground) > 0.2) say('the dark page is light');
          if (performance.getEntriesByType('resource').length) say('something was fetched');
          const hint = document.querySelector('figure .hint');
          const tip = document.getElementById('tip');
          if (hint && !tip) say('no element for values');
          if (hint && tip) {
            hint.scrollIntoView({ block: 'center' });
            const b = box(hint);
            hint.dispatchEvent(new PointerEvent('pointermove',
              { bubbles: true, clientX: b.left + b.width / 2, clientY: b.top + b.height / 2 }));
            const shown = box(tip);
            if (tip.hidden || tip.textContent !== hint.dataset.h) say('no values at the pointer');
            if (shown.left < 0 || shown.right > innerWidth || shown.top < 0 || shown.bottom > innerHeight)
              say('the values at the pointer are cut off');
            tip.hidden = true;
            const chart = hint.closest('svg');
            chart.focus();
            dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight' }));
            if (tip.hidden) say('no values with the arrow keys');
          }
          const result = document.createElement('pre');
          result.textContent = '\(mark)\\n' + problems.join('\\n') + '\\n\(mark)';
          document.body.append(result);
        })();
        """
}
