import AgentModel
import Basis
import Foundation
import Hosting
import Schema

/// A stage whose points are in a CSV file, as a query of a monitoring system exports them: a time in seconds or as a
/// date, a comma, and a number of agents; further columns and a first line without numbers are ignored. In the profile
/// that is kept there are the points.
struct CurveFile: Settings {
    /// The text of the file.
    var file = ""
    var leave = LeavePlan()
    var first = LeaveOrder.drawn

    static let standard = CurveFile()
    static let schema = Schema<CurveFile>(
        "file", "The number of agents follows the lines of a CSV file.",
        [
            Key(
                "file", \.file, kind,
                "The file: a time (seconds, or a date such as 2026-11-02T08:00:00Z) and a number of agents a line.",
                required: true),
            Key("leave", \.leave, LeavePlan.shortKind, "How agents leave where the number falls."),
            Key("first", \.first, LeaveOrder.kind, "Which agents leave first."),
        ])

    var points: PopulationStage.Points {
        PopulationStage.Points(points: (try? Self.points(file)) ?? [], leave: leave, first: first)
    }

    /// Half of what a profile may have in the form of points.
    static let maxPoints = 2_000
    private static let maxBytes = 256 << 10

    private static let kind = Kind<String>.fileText(maxBytes, tooLarge: "; average it over longer steps").checked {
        do throws(CurveFileError) {
            _ = try points($0)
            return nil
        } catch {
            return error.description
        }
    } mend: { _ in
        "time,agents\n0,10\n60,20"
    }

    /// The points in a file; their times count from the first.
    static func points(_ text: String) throws(CurveFileError) -> [PopulationStage.Points.Point] {
        var rows: [(seconds: Double, agents: Int)] = []
        for (index, line) in text.split(whereSeparator: \.isNewline).enumerated() {
            guard let row = row(line) else {
                if index == 0 { continue }
                throw .badLine(index + 1)
            }
            let seconds = row.seconds
            if let last = rows.last, seconds < last.seconds { throw .notAscending(index + 1) }
            rows.append(row)
            if rows.count > maxPoints { throw .tooManyLines }
        }
        guard let first = rows.first, rows.count >= 2 else { throw .tooFewLines }
        return rows.map {
            PopulationStage.Points.Point(at: Nanoseconds(seconds: $0.seconds - first.seconds), agents: $0.agents)
        }
    }

    /// The time and the number in a line; nil where it has none.
    private static func row(_ line: Substring) -> (seconds: Double, agents: Int)? {
        let cells: [String] = line.split(separator: ",", omittingEmptySubsequences: false).map { cell in
            cell.trimmingCharacters(in: CharacterSet(charactersIn: " \t\""))
        }
        guard cells.count >= 2, let seconds = seconds(cells[0]), let agents = Double(cells[1]) else { return nil }
        guard agents >= 0, agents <= Double(Profile.agentRange.upperBound) else { return nil }
        return (seconds, Int(agents.rounded()))
    }

    private static func seconds(_ cell: String) -> Double? {
        if let number = Double(cell) { return number.isFinite ? number : nil }
        return (try? Date(cell, strategy: .iso8601))?.timeIntervalSince1970
    }
}

/// A CSV file that is no curve: the profile's fault.
enum CurveFileError: Error, CustomStringConvertible {
    case badLine(Int)
    case notAscending(Int)
    case tooManyLines
    case tooFewLines

    var description: String {
        switch self {
        case .badLine(let line): "line \(line) of the file is not a time, a comma and a number of agents"
        case .notAscending(let line): "the time in line \(line) of the file is before that of the line above"
        case .tooManyLines: "the file has more than \(CurveFile.maxPoints) lines; average it over longer steps"
        case .tooFewLines: "the file has less than two lines with numbers"
        }
    }
}
