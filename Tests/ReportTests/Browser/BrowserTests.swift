import Foundation
import Testing

@testable import Report

/// The pages in a real browser. Where there is none, these tests are skipped.
@Suite(
    "Pages in a browser",
    .enabled(if: Browser.path != nil, "no Chromium here: install chromium, or name one in MUSTER_CHROMIUM"),
    .serialized)
struct BrowserTests {
    /// Every page on a desktop and on a phone; the other views where they differ most.
    private static let looks: [(SamplePages, Browser.View)] =
        SamplePages.allCases.flatMap { [($0, .desktop), ($0, .phone)] }
        + [.report, .comparison].map { ($0, .dark) } + [.crowded, .comparison, .limit, .rehearsal].map { ($0, .print) }
        + [(.crowded, .tablet)]

    @Test(
        "No label is cut off or over another, no chart is empty, and values are shown at the pointer",
        arguments: looks)
    func boxes(page: SamplePages, view: Browser.View) async throws {
        let document = try await Browser.document(PageCheck.instrumented(try page.html()), view)
        let problems = try #require(PageCheck.problems(document), "the script did not run")
        #expect(problems.isEmpty, "\(problems.joined(separator: "\n"))")
    }

    @Test("The check finds what is wrong with a page")
    func finds() async throws {
        let figure = PageFigure(
            title: "T", caption: "c",
            svg: Drawing.text(100, 50, "one label", "") + Drawing.text(110, 50, "another label", "")
                + Drawing.text(620, 90, "a label at the edge", ""),
            header: ["a"], rows: []
        ).html
        let html = PageShell.html(title: "t", body: "\(figure)<div style=\"width: 5000px\">wide</div>")
        let document = try await Browser.document(PageCheck.instrumented(html), .desktop)
        let problems = try #require(PageCheck.problems(document)).joined(separator: "\n")
        for problem in [
            "T: nothing is drawn", "'one label' and 'another label' overlap", "'a label at the edge' is cut off",
            "no table behind the chart", "the page is wider than its window",
        ] { #expect(problems.contains(problem), "\(problem): \(problems)") }
    }

    @Test("A printed page is A4", arguments: [SamplePages.report, .comparison])
    func print(page: SamplePages) async throws {
        let text = String(decoding: try await Browser.pdf(try page.html()), as: UTF8.self)
        let boxes = text.matches(of: /\/MediaBox \[0 0 (\d+)[.\d]* (\d+)[.\d]*\]/).map { ("\($0.1)", "\($0.2)") }
        #expect(
            !boxes.isEmpty && boxes.allSatisfy { $0 == ("594", "841") || $0 == ("595", "842") }, "\(boxes.prefix(3))")
        #expect(text.matches(of: /\/Type \/Page\b/).count >= 1)
    }
}
