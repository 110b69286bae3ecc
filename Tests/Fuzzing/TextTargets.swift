import Basis
import Fleet
import Packages
import Schema
import Transport

@testable import Metrics

/// What people and servers write: profiles, addresses, dates, files of packages, files of results.
extension FuzzTarget {
    static let texts: [String: FuzzTarget] = [
        "profile": FuzzTarget { input in
            let read = Result { () throws(Problems) in try ProfileReader().read(bytes: array(input), source: "fuzz") }
            switch read {
            case .success(let profile):
                // With its credentials: what outputs show of them is no value.
                let again = try? ProfileReader().read(text: Profile.schema.write(profile), source: "again")
                hold(again == profile, "the resolved profile is read as another")
            case .failure(let problems):
                hold((1...Problems.maxKept).contains(problems.list.count), "no problem, or too many")
                hold("\(problems)".utf8.count < 200_000, "the text of the problems is too long")
            }
        },
        "threshold": FuzzTarget { input in
            let text = String(decoding: array(input), as: UTF8.self)
            guard let threshold = try? ThresholdParser.parse(text) else { return }
            hold(threshold.text == text, "the threshold has another text")
            hold(threshold.limit >= 0 && threshold.limit.isFinite, "the limit is no figure")
        },
        "retry-after": FuzzTarget { input in
            let text = String(decoding: array(input), as: UTF8.self)
            _ = RetryAfter(text)?.seconds(from: 1_800_000_000)
            if let date = HTTPDate.unixSeconds(text) {
                hold(HTTPDate.unixSeconds(HTTPDate.text(unixSeconds: date)) == date, "another date when written again")
            }
        },
        "file-url": FuzzTarget { input in
            let text = String(decoding: array(input), as: UTF8.self)
            guard let url = FileURL(text) else { return }
            hold(FileURL("\(url)") == url, "'\(url)' is read as another URL")
            _ = url.following(text)
        },
        "archive": FuzzTarget { input in
            let whole = verdict([0..<input.byteCount], of: input)
            hold(whole == verdict(pieces(of: input), of: input), "cut, another verdict")
        },
        "signature": FuzzTarget { input in
            let bytes = array(input)
            guard let read = try? DetachedSignature(bytes) else { return }
            hold(Array(read.text.utf8) == bytes, "a signature has more than one text")
        },
        "histogram": FuzzTarget { input in
            let text = String(decoding: array(input), as: UTF8.self)
            guard let histogram = try? HistogramCodec.decode(text) else { return }
            _ = histogram.value(atPercentile: 99)
        },
    ]

    private static func verdict(_ parts: [Range<Int>], of input: RawSpan) -> [String] {
        let inspector = PackageInspector(ArchivePolicy(unpackedLimit: 1 << 20), sandbox: SandboxPolicy(fileLimit: 5))
        for part in parts { inspector.add(input.extracting(part)) }
        let verdict = inspector.finish()
        return [verdict.contents.name, verdict.sandbox.name]
    }
}
