/// The style of the page: the reader's fonts and colour scheme, readable on a phone and on paper in grey. Colour-blind
/// readers can distinguish the colours, and no meaning depends on colour alone: lines differ in their dashes, areas in
/// their hatching, and a good or bad state is also written in words.
enum PageStyle {
    static let css = """
        :root { color-scheme: light dark; --ink: #1c2330; --soft: #5d6878; --rule: #dfe4ea; --ground: #f5f7f9;
          --card: #fff;
          --band: #eef2f6; --good: #1d7f4e; --caution: #a86400; --bad: #c02a2a;
          --a: #2f6fd0; --b: #d9731a; --c: #1f9d77; --d: #b03a8c; --e: #7b5bd6; --f: #8a94a3; --g: #c9a227;
          --h: #3f9cbf; --i: #8c5f3e; --j: #cf4a4a; --k: #6b8f1f; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --soft: #97a3b4; --rule: #2d3542;
          --ground: #12161c;
          --card: #1a2028; --band: #202833; --good: #4cc38a; --caution: #e0a23c; --bad: #f06a6a;
          --a: #6aa3f5; --b: #f09a4e; --c: #4cc7a0; --d: #e07cc0; --e: #a78bfa; --f: #7c8797; --g: #e3c55b;
          --h: #66c2e0; --i: #b98a63; --j: #f07f7f; --k: #a5cc52; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--ground); color: var(--ink);
          font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
        main { max-width: 1360px; margin: 0 auto; padding: 20px 24px 48px; }
        h1 { font-size: 26px; margin: 0; overflow-wrap: anywhere; }
        h2 { font-size: 17px; margin: 32px 0 10px; }
        header p { margin: 4px 0 0; color: var(--soft); overflow-wrap: anywhere; }
        .verdict { border-radius: 8px; padding: 12px 16px; margin: 0 0 18px; border: 1px solid;
          border-left-width: 6px; background: var(--card);
          overflow-wrap: anywhere; }
        .verdict.tool-bound { border-color: var(--bad); border-left-style: double; }
        .verdict.tool-bound b { color: var(--bad); }
        .verdict.shared { border-color: var(--caution); border-left-style: dashed; }
        .verdict.shared b { color: var(--caution); }
        .verdict.clear { border-color: var(--good); } .verdict.clear b { color: var(--good); }
        .verdict.passed { border-color: var(--good); } .verdict.passed b { color: var(--good); }
        .verdict.failed { border-color: var(--bad); border-left-style: double; }
        .verdict.failed b { color: var(--bad); }
        .verdict.not_decided { border-color: var(--caution); border-left-style: dashed; }
        .verdict.not_decided b { color: var(--caution); }
        .verdict ul { margin: 6px 0 0; padding-left: 20px; color: var(--soft); }
        .cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(168px, 1fr)); gap: 12px;
          margin-top: 18px; }
        .card { background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: 12px 14px; }
        .card span { display: block; color: var(--soft); font-size: 13px; }
        .card strong { display: block; font-size: 24px; font-weight: 600; font-variant-numeric: tabular-nums; }
        .card.bad strong { color: var(--bad); text-decoration: underline; } .card.good strong { color: var(--good); }
        .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(560px, 100%), 1fr)); gap: 14px; }
        figure { margin: 0; background: var(--card); border: 1px solid var(--rule); border-radius: 8px;
          padding: 12px 14px 6px; min-width: 0; }
        figcaption span { color: var(--soft); font-size: 13px; }
        .legend { list-style: none; margin: 4px 0 2px; padding: 0; display: flex; flex-wrap: wrap; gap: 2px 14px;
          font-size: 13px; color: var(--soft); }
        .story { margin: 14px 0 0; max-width: 76ch; } .story p { margin: 0 0 4px; }
        svg { width: 100%; height: auto; display: block; overflow: visible; }
        svg:focus-visible { outline: 2px solid var(--a); outline-offset: 2px; }
        svg.key { width: 30px; height: 12px; display: inline-block; margin-right: 5px; vertical-align: -1px; }
        svg.hatches { position: absolute; width: 0; height: 0; }
        svg text { font-size: 11px; fill: var(--soft); font-variant-numeric: tabular-nums; }
        svg text.end { text-anchor: end; } svg text.middle { text-anchor: middle; }
        svg text.narrow, svg .narrow { display: none; }
        .grid { stroke: var(--rule); stroke-width: 1; fill: none; }
        .band { fill: var(--band); } .hint { fill: transparent; }
        .hint:hover, .hint.on { fill: var(--soft); fill-opacity: 0.16; }
        .outage { fill: url(#hatch-outage); }
        .moment { stroke: var(--ink); stroke-width: 1.2; stroke-dasharray: 2 3; fill: none; }
        .interval { fill: var(--caution); fill-opacity: 0.2; }
        .leader { stroke: var(--soft); stroke-width: 0.8; fill: none; }
        .limit { stroke: var(--bad); stroke-width: 1.6; stroke-dasharray: 7 3; fill: none; }
        .range { fill: var(--a); fill-opacity: 0.34; } .range.r1 { fill-opacity: 0.2; } .range.r2 { fill-opacity: 0.1; }
        .heat { fill: var(--a); } .q1 { fill-opacity: 0.14; } .q2 { fill-opacity: 0.3; } .q3 { fill-opacity: 0.46; }
        .q4 { fill-opacity: 0.62; } .q5 { fill-opacity: 0.8; } .q6 { fill-opacity: 1; }
        .whisker { stroke: var(--a); stroke-opacity: 0.45; stroke-width: 7; fill: none; }
        .ring { fill: var(--card); stroke-width: 1.8; } .mark { stroke-width: 2; fill: none; }
        #tip { position: fixed; z-index: 9; max-width: min(340px, 94vw); padding: 7px 10px; border-radius: 6px;
          background: var(--ink); color: var(--card); font-size: 12.5px; line-height: 1.4; white-space: pre-line;
          pointer-events: none; font-variant-numeric: tabular-nums; }
        details.data { margin: 4px 0 2px; font-size: 13px; } details.data .scroll { max-height: 320px; overflow: auto; }
        .controls { display: flex; flex-wrap: wrap; gap: 8px 18px; align-items: center; margin: 0 0 14px;
          padding: 10px 14px; background: var(--card); border: 1px solid var(--rule); border-radius: 8px; }
        .controls form, .controls label, .controls span { display: flex; flex-wrap: wrap; gap: 6px;
          align-items: center; }
        .controls input, .controls button { font: inherit; padding: 4px 8px; border-radius: 6px; color: var(--ink);
          border: 1px solid var(--soft); background: var(--ground); max-width: 190px; }
        .controls button { cursor: pointer; } .controls .danger { border-color: var(--bad); color: var(--bad); }
        .apart { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
        rect.tool-bound { fill: var(--bad); } rect.shared { fill: var(--caution); }
        .line { fill: none; stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round; }
        .stack { stroke: var(--card); stroke-width: 0.8; }
        .hatch { fill: none; stroke: var(--card); stroke-width: 1.1; }
        \(colours)
        table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
        th, td { text-align: right; padding: 5px 10px; border-bottom: 1px solid var(--rule); white-space: nowrap; }
        th { color: var(--soft); font-weight: 500; font-size: 13px; }
        .text { text-align: left; } td.text:not(:first-child) { white-space: normal; color: var(--soft);
          min-width: 200px; }
        th:first-child, td:first-child { position: sticky; left: 0; background: var(--card); }
        tr:last-child td { border-bottom: 0; }
        .scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--rule); border-radius: 8px;
          padding: 4px 6px; }
        details { margin-top: 24px; } summary { cursor: pointer; color: var(--soft); }
        pre { background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: 12px;
          overflow-x: auto; }
        .quiet { color: var(--soft); }
        @media (max-width: 640px), print {
          svg text { font-size: 17px; } svg text.wide, svg .wide { display: none; }
          svg text.narrow, svg .narrow { display: inline; } .line { stroke-width: 2.4; }
        }
        @media (max-width: 640px) {
          main { padding: 12px 10px 32px; } h1 { font-size: 21px; }
          .cards { grid-template-columns: 1fr 1fr; gap: 8px; } .card { padding: 9px 10px; }
          .card strong { font-size: 19px; }
          figure { padding: 10px 8px 4px; }
          th, td { padding: 5px 7px; }
        }
        @page { size: A4; margin: 12mm; }
        @media print {
          :root { color-scheme: light; --ink: #000; --soft: #333; --rule: #bbb; --ground: #fff; --card: #fff;
          --band: #eee;
            --good: #000; --caution: #000; --bad: #000; --a: #000; --b: #555; --c: #222; --d: #666; --e: #333;
            --f: #999; --g: #888;
            --h: #777; --i: #444; --j: #111; --k: #aaa; }
          body { font-size: 11px; } main { max-width: none; padding: 0; } h2 { break-after: avoid; }
          figcaption span, .legend, .card span { font-size: 10.5px; } .card strong { font-size: 18px; }
          figure, .card, .verdict, tr { break-inside: avoid; }
          .charts { grid-template-columns: 1fr 1fr; } .cards { grid-template-columns: repeat(4, 1fr); }
          .scroll { overflow: visible; border: 0; } th, td { padding: 2px 5px; font-size: 9px; }
          td, th { white-space: normal; }
          td.text { overflow-wrap: anywhere; } td.text:not(:first-child) { min-width: 0; }
          details, #tip, .controls { display: none; }
          * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
        }
        """

    /// The names of the colours for lines and areas.
    static let palette = ["a", "b", "c", "d", "e", "g", "h", "i", "j", "k", "f"]

    /// The dash pattern of each colour's line, to distinguish it without colour.
    private static let dashes = [
        "a": "none", "b": "8 4", "c": "1.5 4", "d": "9 4 1.5 4", "e": "4 4", "g": "14 4", "h": "1.5 7",
        "i": "14 4 1.5 4 1.5 4", "j": "6 8", "k": "4 4 1.5 4", "f": "20 4 4 4",
    ]

    private static let colours = palette.map { name in
        """
        .line.\(name) { stroke: var(--\(name)); stroke-dasharray: \(dashes[name] ?? "none"); } \
        .fill.\(name) { fill: var(--\(name)); } \
        .ring.\(name), .mark.\(name) { stroke: var(--\(name)); }
        """
    }.joined(separator: "\n")

    /// What is drawn over each colour's area, within 8 by 8 units; plain where there is nothing.
    private static let hatchings = [
        "b": "M0 8L8 0", "c": "", "d": "M0 0L8 8", "e": "M0 4H8", "g": "M4 0V8", "h": "M0 4H8M4 0V8",
        "i": "M0 2H8M0 6H8",
        "j": "M2 0V8M6 0V8", "k": "M2 2h1M6 6h1", "f": "M0 8L8 0M0 0L8 8", "a": "M4 4h1",
    ]

    /// The areas' patterns: once on the page, before the charts.
    static let hatches: String = {
        let patterns = palette.map { name in
            """
            <pattern id="hatch-\(name)" width="8" height="8" patternUnits="userSpaceOnUse">\
            <rect class="fill \(name)" width="8" height="8"/>\
            <path class="hatch" d="\(hatchings[name] ?? "")"/></pattern>
            """
        }
        let outage = """
            <pattern id="hatch-outage" width="7" height="7" patternUnits="userSpaceOnUse">\
            <path d="M0 7L7 0" stroke="var(--bad)" stroke-opacity="0.55" stroke-width="1.4"/></pattern>
            """
        return "<svg class=\"hatches\" aria-hidden=\"true\"><defs>\(patterns.joined())\(outage)</defs></svg>"
    }()

    /// The fill of an area of that colour.
    static func fill(_ colour: String) -> String { "fill=\"url(#hatch-\(colour))\"" }
}
