import Foundation
import Metrics
import Report
import Synchronization

/// The run as it goes: redrawn in place on a terminal, a line every few seconds where the output is piped.
final class LiveDisplay: Sendable {
    enum Mode {
        case automatic, plain, json, silent
        /// JSON for each snapshot.
        case jsonEachSecond
    }

    private enum Form {
        /// Redrawn in place; how many lines are on the screen now.
        case frame(lines: Int)
        /// A line now and then; how many snapshots since the last one.
        case lines(skipped: Int)
        /// The same as JSON.
        case json(skipped: Int, period: Int)
        case silent
    }

    private let plan: RunPlan
    private let form: Mutex<Form>

    init(plan: RunPlan, mode: Mode) {
        self.plan = plan
        switch mode {
        case .silent: form = Mutex(.silent)
        case .plain: form = Mutex(.lines(skipped: LiveDisplay.linePeriod))
        case .json: form = Mutex(.json(skipped: LiveDisplay.linePeriod, period: LiveDisplay.linePeriod))
        case .jsonEachSecond: form = Mutex(.json(skipped: 1, period: 1))
        case .automatic:
            form = Mutex(Terminal.isInteractive ? .frame(lines: 0) : .lines(skipped: LiveDisplay.linePeriod))
        }
    }

    func show(_ snapshot: Snapshot) {
        form.withLock { form in
            switch form {
            case .silent:
                break
            case .lines(let skipped):
                if skipped + 1 < LiveDisplay.linePeriod {
                    form = .lines(skipped: skipped + 1)
                } else {
                    Output.standard.show(ProgressLine.line(for: snapshot, of: plan) + "\n")
                    form = .lines(skipped: 0)
                }
            case .json(let skipped, let period):
                if skipped + 1 < period {
                    form = .json(skipped: skipped + 1, period: period)
                } else {
                    Output.standard.show(ProgressDocument(snapshot, of: plan, at: Date()).line + "\n")
                    form = .json(skipped: 0, period: period)
                }
            case .frame(let before):
                // A slow terminal gets the next frame.
                guard !Output.standard.isBusy else { return }
                let lines = LiveFrame.lines(
                    for: snapshot, of: plan, width: Terminal.width ?? 100, style: Terminal.style)
                Output.standard.show(Self.rewind(before) + lines.joined(separator: "\n") + "\n")
                form = .frame(lines: lines.count)
            }
        }
    }

    /// A line of its own, above the display.
    func note(_ text: String) {
        form.withLock { form in
            switch form {
            case .silent:
                break
            case .lines:
                Output.standard.show(text + "\n")
            case .json:
                Output.standard.show(ProgressDocument(message: text, at: Date()).line + "\n")
            case .frame(let before):
                Output.standard.show(Self.rewind(before) + text + "\n")
                form = .frame(lines: 0)
            }
        }
    }

    /// Clears the display, so that what follows takes its place.
    func finish() {
        form.withLock { form in
            if case .frame(let before) = form {
                Output.standard.show(Self.rewind(before))
                form = .frame(lines: 0)
            }
        }
    }

    /// Up to the first of `lines` lines, and everything below erased.
    private static func rewind(_ lines: Int) -> String {
        lines == 0 ? "" : "\u{1B}[\(lines)A\u{1B}[J"
    }

    /// With a snapshot a second, a line every ten seconds.
    private static let linePeriod = 10
}
