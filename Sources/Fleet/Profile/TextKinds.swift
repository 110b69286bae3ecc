import Basis
import Foundation
import Schema

/// The kinds of texts that profiles share.
extension Kind<String> {
    /// A text with `{{index}}` and the other words of attributes.
    static func template(_ bytes: ClosedRange<Int>) -> Kind {
        .text(bytes).reading { spot, text in
            guard let problem = TemplateWord.problem(of: text) else { return text }
            spot.report(problem)
            return nil
        }
    }

    /// A path, which counts from the profile's folder. In the profile that is kept it is a full path.
    static var path: Kind {
        .text(1...4_096).reading { spot, path in
            // The system's calls would end there.
            if path.utf8.contains(0) {
                spot.report(.badValue(found: path, wanted: "the path of a file"))
                return nil
            }
            guard let folder = spot.folder, !path.hasPrefix("/") else { return path }
            return URL(fileURLWithPath: path, relativeTo: URL(fileURLWithPath: folder, isDirectory: true))
                .standardizedFileURL.path
        } mend: { path in
            "/" + path.replacing("/", with: "")
        }
    }

    /// The text of the file at a path. It goes into the profile, so that the profile that is kept with the results has
    /// it.
    /// - Parameter limit: in bytes.
    static func fileText(_ limit: Int, tooLarge: String = "") -> Kind {
        Kind.text(1...4_096).reading { spot, path in
            func refuse(_ why: String) -> String? {
                spot.report(.contradiction(why))
                return nil
            }
            guard let folder = spot.folder else {
                return refuse("files are read only for a profile that is a file itself; write the text here")
            }
            let name = Problem.quoted(path)
            let url = URL(fileURLWithPath: path, relativeTo: URL(fileURLWithPath: folder, isDirectory: true))
                .resolvingSymlinksInPath()
            let type = try? FileManager.default.attributesOfItem(atPath: url.path)[.type] as? FileAttributeType
            guard type == .typeRegular, let file = try? FileHandle(forReadingFrom: url) else {
                return refuse("'\(name)' is not a readable file; paths are relative to the profile's folder")
            }
            defer { try? file.close() }
            guard let data = try? file.read(upToCount: limit + 1) ?? Data() else {
                return refuse("'\(name)' cannot be read")
            }
            guard data.count <= limit else {
                return refuse("'\(name)' is larger than \(SizeText.format(limit))\(tooLarge)")
            }
            guard let text = String(validating: data, as: UTF8.self) else {
                return refuse("'\(name)' is not UTF-8 text")
            }
            return text
        }
    }

    /// An address of this machine.
    static var localAddress: Kind {
        let wanted = "an IPv4 or IPv6 address of this machine, such as 127.0.0.2"
        return .scalar(
            "IPv4 or IPv6 address", wanted: wanted, example: "127.0.0.2", quotes: true,
            sample: { "127.0.0.\(1 + $0.index(below: 200))" }, format: { $0 }
        ) { text, _ throws(Problem.Kind) in
            guard IPLiteral.isAddress(text) else { throw .badValue(found: text, wanted: wanted) }
            return text
        }
    }
}

extension Kind<[String]?> {
    /// Patterns of paths, or `any`.
    static var patterns: Kind {
        .optional(.list("patterns of paths", 0...1_000, of: .text(1...1_000)), none: "any")
    }
}

extension Kind {
    /// Names to items as a dictionary, written in the order of the names.
    static func dictionary<Item: Hashable & Sendable>(
        _ noun: String, _ count: ClosedRange<Int>, of item: Kind<Item>
    ) -> Kind where Value == [String: Item] {
        Kind<[Named<Item>]>.map(noun, count, of: item).converted(
            { Dictionary($0.map { ($0.name, $0.value) }) { _, last in last } },
            { $0.sorted { $0.key < $1.key }.map { Named($0.key, $0.value) } })
    }
}

extension RunTime {
    static let kind = Kind<RunTime>.oneOf(wanted: "a time such as 30s, or a share of the run such as 50%") { forms in
        let share = forms.scalar(.share, "This share of the run's duration.", RunTime.share) { $0.hasSuffix("%") }
        let after = forms.scalar(.duration(.zero ... .days(31)), "So long after the run's start.", RunTime.after)
        return { value in
            switch value {
            case .after(let span): after(span)
            case .share(let part): share(part)
            }
        }
    }
}

extension RunTime {
    /// The problem of a time after the end of the run.
    func overdue(in duration: Nanoseconds) -> String {
        "at \(DurationText.format(offset(in: duration))) the run of \(DurationText.format(duration)) is over; move "
            + "it, or write a share of the run such as 50%"
    }
}
