import Basis
public import Metrics

/// Results as JUnit XML, which CI systems show: a test suite with a test case for each threshold or figure.
public enum JUnitText {
    public static let fileName = "junit.xml"

    /// One test case.
    public struct Case: Hashable, Sendable {
        public enum State: Hashable, Sendable {
            case passed
            case failed(String)
            /// It could not be judged, and counts as not passed.
            case error(String)
            case skipped(String)
        }

        public var name: String
        public var state: State

        public init(_ name: String, _ state: State) {
            self.name = name
            self.state = state
        }
    }

    /// The thresholds of a run, and one case for the run itself.
    public static func text(of summary: RunSummary) -> String {
        let run: Case.State =
            switch summary.outcome {
            case .completed: .passed
            case .interrupted: .error("interrupted")
            case .failed(let reason): .error(reason)
            case .stopped: .failed(summary.outcome.reason ?? "")
            }
        let cases = summary.thresholds.map { outcome in
            let text = [outcome.figure, outcome.reason ?? ""].filter { !$0.isEmpty }.joined(separator: "; ")
            let state: Case.State =
                switch outcome.state {
                case .passed: .passed
                case .failed: .failed(text)
                case .notDecided:
                    summary.allowsUndecided ? .skipped("not decided: \(text)") : .error("not decided: \(text)")
                }
            return Case(outcome.threshold.text, state)
        }
        return text(
            suite: summary.identity.profile, seconds: summary.duration.seconds, [Case("the run", run)] + cases)
    }

    public static func text(suite: String, seconds: Double, _ cases: [Case]) -> String {
        var counts = (failures: 0, errors: 0, skipped: 0)
        var lines: [String] = []
        for item in cases {
            let open = "    <testcase classname=\"\(attribute(suite))\" name=\"\(attribute(item.name))\""
            func entry(_ element: String, _ text: String) -> String {
                "\(open)><\(element) message=\"\(attribute(text))\"/></testcase>"
            }
            switch item.state {
            case .passed: lines.append("\(open)/>")
            case .failed(let text):
                counts.failures += 1
                lines.append(entry("failure", text))
            case .error(let text):
                counts.errors += 1
                lines.append(entry("error", text))
            case .skipped(let text):
                counts.skipped += 1
                lines.append(entry("skipped", text))
            }
        }
        return """
            <?xml version="1.0" encoding="UTF-8"?>
            <testsuites>
              <testsuite name="\(attribute(suite))" tests="\(cases.count)" failures="\(counts.failures)" \
            errors="\(counts.errors)" skipped="\(counts.skipped)" time="\(Figures.decimals(seconds, 3))">
            \(lines.joined(separator: "\n"))
              </testsuite>
            </testsuites>

            """
    }

    /// Characters that XML 1.0 does not have become U+FFFD.
    private static func attribute(_ text: String) -> String {
        var safe = ""
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0..<0x20, 0x7F, 0xFFFE, 0xFFFF: safe.unicodeScalars.append("\u{FFFD}")
            default: safe.unicodeScalars.append(scalar)
            }
        }
        return Markup.escaped(safe)
    }
}
