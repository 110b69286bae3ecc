import Foundation

/// Writes the code and the reference of the protocol's messages from `protocol/*.schema`: `ProtocolGenerator ROOT`,
/// where ROOT is the repository's folder. A file that is as it should be is left alone, so that nothing is compiled
/// again for it.
@main
struct ProtocolGenerator {
    static func main() throws {
        guard CommandLine.arguments.count == 2 else {
            print("usage: ProtocolGenerator ROOT")
            exit(2)
        }
        let root = CommandLine.arguments[1]
        let generated: GeneratedFiles
        do {
            generated = try GeneratedFiles { try String(contentsOfFile: "\(root)/\($0)", encoding: .utf8) }
        } catch {
            print("\(error)")
            exit(1)
        }
        for (path, text) in generated.files {
            let place = URL(fileURLWithPath: "\(root)/\(path)")
            try FileManager.default.createDirectory(
                at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
            if (try? String(contentsOf: place, encoding: .utf8)) == text { continue }
            try text.write(to: place, atomically: true, encoding: .utf8)
            print("wrote \(path)")
        }
    }
}
