/// The looks of the page: the reader's own fonts, light or dark as the reader's system is. Colours keep apart for
/// colour-blind readers, and never carry a meaning alone.
enum PageStyle {
    static let css = """
        :root { color-scheme: light dark; --ink: #1c2330; --soft: #5d6878; --rule: #dfe4ea; --ground: #f5f7f9; --card: #fff;
          --band: #eef2f6; --good: #1d7f4e; --caution: #a86400; --bad: #c02a2a;
          --a: #2f6fd0; --b: #d9731a; --c: #1f9d77; --d: #b03a8c; --e: #7b5bd6; --f: #8a94a3; --g: #c9a227; --h: #3f9cbf; --i: #8c5f3e; --j: #cf4a4a; --k: #6b8f1f; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --soft: #97a3b4; --rule: #2d3542; --ground: #12161c;
          --card: #1a2028; --band: #202833; --good: #4cc38a; --caution: #e0a23c; --bad: #f06a6a;
          --a: #6aa3f5; --b: #f09a4e; --c: #4cc7a0; --d: #e07cc0; --e: #a78bfa; --f: #7c8797; --g: #e3c55b; --h: #66c2e0; --i: #b98a63; --j: #f07f7f; --k: #a5cc52; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--ground); color: var(--ink);
          font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
        main { max-width: 1360px; margin: 0 auto; padding: 20px 24px 48px; }
        h1 { font-size: 26px; margin: 0; overflow-wrap: anywhere; }
        h2 { font-size: 17px; margin: 32px 0 10px; }
        header p { margin: 4px 0 0; color: var(--soft); overflow-wrap: anywhere; }
        .verdict { border-radius: 8px; padding: 12px 16px; margin: 0 0 18px; border-left: 6px solid; background: var(--card); }
        .verdict.saturated { border-color: var(--bad); } .verdict.saturated b { color: var(--bad); }
        .verdict.strained { border-color: var(--caution); } .verdict.strained b { color: var(--caution); }
        .verdict.fine { border-color: var(--good); } .verdict.fine b { color: var(--good); }
        .verdict ul { margin: 6px 0 0; padding-left: 20px; color: var(--soft); }
        .cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(168px, 1fr)); gap: 12px; margin-top: 18px; }
        .card { background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: 12px 14px; }
        .card span { display: block; color: var(--soft); font-size: 13px; }
        .card strong { display: block; font-size: 24px; font-weight: 600; font-variant-numeric: tabular-nums; }
        .card.bad strong { color: var(--bad); } .card.good strong { color: var(--good); }
        .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(560px, 100%), 1fr)); gap: 14px; }
        figure { margin: 0; background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: 12px 14px 6px; }
        figcaption span { color: var(--soft); font-size: 13px; }
        .legend { list-style: none; margin: 4px 0 2px; padding: 0; display: flex; flex-wrap: wrap; gap: 2px 14px;
          font-size: 13px; color: var(--soft); }
        .legend i { display: inline-block; width: 11px; height: 11px; border-radius: 3px; margin-right: 5px; }
        svg { width: 100%; height: auto; display: block; }
        svg text { font-size: 11px; fill: var(--soft); font-variant-numeric: tabular-nums; }
        svg text.end { text-anchor: end; } svg text.middle { text-anchor: middle; }
        svg text.phase { font-size: 10.5px; }
        .grid { stroke: var(--rule); stroke-width: 1; fill: none; }
        .band { fill: var(--band); } .hint { fill: transparent; } .hint:hover { fill: var(--soft); fill-opacity: 0.16; }
        rect.saturated { fill: var(--bad); } rect.strained { fill: var(--caution); }
        .line { fill: none; stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round; }
        .area { fill-opacity: 0.85; stroke: none; }
        \(colours)
        table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
        th, td { text-align: right; padding: 5px 10px; border-bottom: 1px solid var(--rule); white-space: nowrap; }
        th { color: var(--soft); font-weight: 500; font-size: 13px; }
        .text { text-align: left; } td.text:not(:first-child) { white-space: normal; color: var(--soft); }
        tr:last-child td { border-bottom: 0; }
        .scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: 4px 6px; }
        details { margin-top: 24px; } summary { cursor: pointer; color: var(--soft); }
        pre { background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: 12px; overflow-x: auto; }
        .quiet { color: var(--soft); }
        """

    /// The names of the colours for lines and areas.
    static let palette = ["a", "b", "c", "d", "e", "g", "h", "i", "j", "k", "f"]

    private static let colours = palette.map { name in
        ".line.\(name) { stroke: var(--\(name)); } .area.\(name) { fill: var(--\(name)); } "
            + ".legend .\(name) { background: var(--\(name)); }"
    }.joined(separator: "\n")
}
