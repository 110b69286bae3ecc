import Foundation
import TestSupport
import Testing

/// A headless Chromium that shows pages from files.
struct Browser {
    /// How a page is looked at.
    enum View: String, CustomTestStringConvertible {
        case desktop, tablet, phone, dark, print

        var testDescription: String { rawValue }

        var width: Int {
            switch self {
            case .desktop, .dark: 1280
            case .tablet: 820
            case .phone: 390
            // A4 without its margins, at 96 dots an inch.
            case .print: 703
            }
        }
    }

    /// The program, where there is one: `MUSTER_CHROMIUM`, or one of its usual names.
    static let path =
        ProcessInfo.processInfo.environment["MUSTER_CHROMIUM"]
        ?? PeerProgram.path("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")

    /// The document as the browser has it after its scripts have run.
    static func document(_ html: String, _ view: View) async throws -> String {
        var page = html
        // What the rules for print make of a page can be measured only on a screen.
        if view == .print {
            page = page.replacing("@media print {", with: "@media screen {")
                .replacing("@media (max-width: 640px), print {", with: "@media screen {")
        }
        return try await run(page, view, ["--dump-dom"])
    }

    /// The page printed, as PDF.
    static func pdf(_ html: String) async throws -> [UInt8] {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("page-\(UUID().uuidString).pdf")
        defer { try? FileManager.default.removeItem(at: file) }
        _ = try await run(html, .desktop, ["--print-to-pdf=\(file.path)", "--no-pdf-header-footer"])
        return [UInt8](try Data(contentsOf: file))
    }

    private static func run(_ html: String, _ view: View, _ arguments: [String]) async throws -> String {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("page-\(UUID().uuidString).html")
        try Data(html.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let scheme = view == .dark ? ["--blink-settings=preferredColorScheme=0"] : []
        let end = try await PeerProgram.run(
            path ?? "",
            ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=\(view.width),1000"]
                + scheme + arguments + [file.absoluteString], keepsErrorsApart: true, limit: .seconds(120))
        return end.output
    }
}
