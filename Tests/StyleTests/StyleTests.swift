import Testing

/// The rules of CONTRIBUTING.md that a program can check. Some have a list of exceptions (`Exceptions`): a place that
/// is not on the list fails, and a listed place that keeps the rule again gets a warning.
@Suite("Style")
struct StyleTests {
    @Test("Lines have at most 120 columns")
    func columns() {
        let places = (Project.sources + Project.tests).flatMap { file in
            file.lines.enumerated().filter { $0.element.count > 120 }.map { "\(file.path):\($0.offset + 1)" }
        }
        #expect(places.isEmpty, "\(places.count) places: \(places.joined(separator: "\n"))")
    }

    @Test("Functions have at most 70 lines")
    func functions() {
        let long = (Project.sources + Project.tests).flatMap { file in
            file.functionLengths.filter { $0.count > 70 }.map { "\(file.path): \($0.name)" }
        }
        expect(long, known: Exceptions.longFunctions)
    }

    @Test("Files have at most 420 lines")
    func files() {
        let long = (Project.sources + Project.tests).filter { $0.lines.count > 421 }.map(\.path)
        expect(long, known: Exceptions.longFiles)
    }

    @Test("No two types of the sources have the same name")
    func typeNames() {
        var places: [String: [String]] = [:]
        for file in Project.sources {
            for type in file.declarations where type.kind == .type && type.indent == 0 {
                places[type.name, default: []].append("\(file.path):\(type.line)")
            }
        }
        expect(places.filter { $0.value.count > 1 }.map(\.key), known: Exceptions.doubledTypes)
    }

    @Test("What is declared for use within Muster is used")
    func unused() {
        var counts: [Substring: Int] = [:]
        for file in Project.sources + Project.tests {
            for line in file.code {
                for word in line.split(whereSeparator: { !$0.isLetter && !$0.isNumber && $0 != "_" }) {
                    counts[word, default: 0] += 1
                }
            }
        }
        let unused = Project.sources.flatMap { file in
            file.declarations.filter { declaration in
                declaration.modifiers.isDisjoint(with: ["public", "open", "override"])
                    && counts[Substring(declaration.name)] == 1
            }.map { "\(file.path): \($0.name)" }
        }
        expect(unused, known: Exceptions.unused)
    }

    @Test("Imports point down, and what does no I/O imports nothing that could")
    func layers() {
        let ranks = Dictionary(uniqueKeysWithValues: Layers.order.enumerated().map { ($0.element, $0.offset) })
        var problems: Set<String> = []
        for file in Project.sources {
            guard let rank = ranks[file.target] else {
                problems.insert("\(file.target) has no place in Layers.order")
                continue
            }
            for (line, module) in file.imports {
                if let other = ranks[module], other >= rank, module != file.target {
                    problems.insert("\(file.path):\(line) imports \(module), which is above")
                }
                if Layers.withoutIO.contains(file.target), Layers.systemModules.contains(module) {
                    problems.insert("\(file.path):\(line) imports \(module), though \(file.target) does no I/O")
                }
            }
        }
        #expect(problems.isEmpty, "\(problems.sorted().joined(separator: "\n"))")
    }

    /// Fails for a place that breaks a rule and is not listed; warns of a listed one that keeps the rule again.
    private func expect(_ found: [String], known: Set<String>, location: SourceLocation = #_sourceLocation) {
        let new = Set(found).subtracting(known).sorted()
        #expect(new.isEmpty, "these places break the rule: \(new.joined(separator: "\n"))", sourceLocation: location)
        let mended = known.subtracting(found).sorted()
        if !mended.isEmpty {
            Issue.record(
                "these places keep the rule again, remove them from the list: \(mended.joined(separator: "\n"))",
                severity: .warning,
                sourceLocation: location)
        }
    }
}

/// The targets of `Sources`, from below; a target imports only those before it.
enum Layers {
    static let order = [
        "CLinux", "CZlib", "CZstd", "COpenSSL", "Basis", "Statistics", "Matching", "OpenSSL",
        "TLSRecords", "Zlib",
        "Schema", "Rollout", "Protobuf", "OpAMP",
        "OTLP", "Prometheus", "Transport", "Packages", "AgentModel", "Observing", "ControlPlane", "Simulation",
        "Engine", "Metrics", "Hosting",
        "Fleet", "Report", "muster", "ProtocolGenerator",
    ]

    /// State machines and values: no socket, no file, no clock, no thread.
    static let withoutIO: Set = [
        "Matching", "OpenSSL", "Zlib", "Schema", "Protobuf", "OpAMP", "OTLP", "Prometheus", "Transport", "Packages",
        "AgentModel", "ControlPlane", "Metrics", "Observing", "Statistics", "TLSRecords", "Rollout", "Simulation",
    ]

    static let systemModules: Set = ["Glibc", "Musl", "Darwin", "Foundation", "Dispatch", "CLinux"]

}
