import Foundation
import OpAMP

/// The benchmark's messages as files, named after the message and its type.
enum MessageFiles {
    static func write(to folder: String) throws {
        let files: [(String, [UInt8])] = [
            ("heartbeat.AgentToServer", CodecFixtures.heartbeat.encoded()),
            ("acknowledgement.ServerToAgent", CodecFixtures.acknowledgement.encoded()),
            ("full-report.AgentToServer", CodecFixtures.fullReport.encoded()),
            ("remote-config.ServerToAgent", CodecFixtures.remoteConfig.encoded()),
            ("packages.ServerToAgent", CodecFixtures.packages.encoded()),
        ]
        for (name, bytes) in files {
            try Data(bytes).write(to: URL(fileURLWithPath: folder).appendingPathComponent(name))
        }
    }
}
