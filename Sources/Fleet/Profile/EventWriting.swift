import Basis
import Hosting

/// Events in YAML.
extension YAMLWriter {
    mutating func write(_ event: TimedEvent) {
        scalar("at", .exact(Self.text(event.at)))
        let key = event.action.key
        switch event.action {
        case .dropConnections(let share): scalar(key, .exact(ShareText.format(share)))
        case .offerConfig(let offer): mapping(key) { $0.write(offer) }
        case .withdrawConfig(let name), .withdrawPackages(let name), .withdrawConnection(let name):
            scalar(key, .text(name))
        case .offerPackages(let offer): mapping(key) { $0.write(offer) }
        case .offerHeartbeat(let interval, let target):
            mapping(key) { writer in
                writer.duration("interval", interval)
                writer.write("to", target)
            }
        case .offerConnection(let offer): mapping(key) { $0.write(offer) }
        case .restartAgents(let target), .revokeCertificates(let target): write(key, target)
        case .rotateCertificates(let rotation, let target):
            mapping(key) { writer in
                writer.duration("lifetime", rotation.lifetimeSeconds.map { .seconds(Int64($0)) })
                if let flaw = rotation.flaw { writer.scalar("flaw", .exact(flaw.rawValue)) }
                writer.write("to", target)
            }
        case .sendCustom(let word, let target):
            mapping(key) { writer in
                writer.scalar("message", .exact(word.rawValue))
                writer.write("to", target)
            }
        }
    }

    private mutating func write(_ offer: ConfigOffer) {
        if let name = offer.name { scalar("name", .text(name)) }
        mapping("files") { writer in
            for file in offer.files {
                switch file.body {
                case .text(let text): writer.scalar(file.name, .text(text))
                case .generated(let bytes):
                    writer.mapping(file.name) { $0.scalar("size", .exact(SizeText.format(bytes))) }
                }
            }
        }
        scalar("content_type", .text(offer.contentType))
        write("to", offer.target)
    }

    private mutating func write(_ offer: PackageOffer) {
        if let name = offer.name { scalar("name", .text(name)) }
        mapping("packages") { writer in
            for package in offer.packages {
                writer.mapping(package.name) { writer in
                    writer.scalar("version", .text(package.version))
                    writer.scalar("type", .exact(package.form.rawValue))
                    writer.scalar("signed", .exact("\(package.isSigned)"))
                    switch package.content {
                    case .modelled: break
                    case .file(let name): writer.scalar("file", .text(name))
                    case .generated(let bytes): writer.scalar("generated", .exact(SizeText.format(bytes)))
                    }
                    if let flaw = package.flaw { writer.scalar("wrong", .exact(flaw.rawValue)) }
                }
            }
        }
        write("to", offer.target)
    }

    mutating func write(_ key: String, _ target: EventTarget) {
        if target.attributes.isEmpty { return scalar(key, .exact(ShareText.format(target.share))) }
        mapping(key) { writer in
            writer.scalar("share", .exact(ShareText.format(target.share)))
            writer.mapping("attributes") { writer in
                for attribute in target.attributes { writer.scalar(attribute.key, .text(attribute.text)) }
            }
        }
    }
}
