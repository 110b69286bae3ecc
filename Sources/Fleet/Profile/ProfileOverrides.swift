import Foundation
public import Schema

/// What the options of the command line change of a profile, beyond the value of one key.
extension Override {
    /// The value of a key for which the profile's tables name the option, such as `--agents`. Every cohort has it.
    public static func key(_ option: String, _ value: String) -> Override {
        guard let override = Profile.schema.override(option, value) else {
            preconditionFailure("no table has the option \(option)")
        }
        return override
    }

    /// A path, which counts from the working directory.
    public static func path(_ option: String, _ value: String) -> Override {
        .key(option, URL(fileURLWithPath: value).standardizedFileURL.path)
    }

    /// A list of words under a key.
    public static func list(_ option: String, _ way: [String], _ values: [String]) -> Override {
        Override(option) { tree in
            tree.set(way, Tree(.list(values.map { .option(option, $0) }), .option(option)))
        }
    }

    /// A threshold in addition to the profile's.
    public static func threshold(_ option: String, _ text: String) -> Override {
        Override(option) { tree in
            tree.edit(["thresholds"], makes: .option(option)) { list in
                let before: [Tree] = if case .list(let items)? = list?.shape { items } else { [] }
                list = Tree(.list(before + [.option(option, text)]), .option(option))
            }
        }
    }

    /// `on`, `off`, or `zstd` for requests; of every cohort.
    public static func compression(_ option: String, _ word: String) -> Override {
        Override(option) { tree in
            let zstd = Tree.option(
                option, [("websocket", .option(option, "true")), ("requests", .option(option, "zstd"))])
            tree.replace("compression", word == "zstd" ? zstd : .option(option, word))
        }
    }

    /// A header in addition to the profile's, or in place of those of the same name, the cohorts' too.
    public static func header(_ option: String, name: String, value: String) -> Override {
        Override(option) { tree in
            tree.remove(["headers", name], ignoringCase: true)
            tree.remove(["cohorts", "*", "headers", name], ignoringCase: true)
            tree.set(["headers", name], .option(option, value))
        }
    }

    /// A bearer token from a file, in place of the profile's credentials, the cohorts' too.
    public static func tokenFile(_ option: String, _ path: String) -> Override {
        Override(option) { $0.replace("auth", .bearer(option, "file", .option(option, path: path))) }
    }

    /// A bearer token from an environment variable, where the profile has no credentials of its own.
    public static func tokenVariable(_ name: String) -> Override {
        Override(name) { tree in
            tree.edit(["auth"], makes: .option(name)) { auth in auth = auth ?? .bearer(name, "env", .option(name, name))
            }
        }
    }

    /// A proxy in place of the profile's and its credentials, the cohorts' too.
    public static func proxy(_ option: String, _ address: String) -> Override {
        Override(option) { $0.replace("proxy", .option(option, address)) }
    }

    /// One certificate for all agents.
    public static func certificate(_ option: String, _ certificate: String, key: String) -> Override {
        Override(option) { tree in
            let files = [("certificate", Tree.option(option, path: certificate)), ("key", .option(option, path: key))]
            tree.replace("client_certificate", .option(option, files))
        }
    }

    /// The authority that issues a certificate for each agent; how they are issued stays as the profile has it.
    public static func issuer(_ option: String, _ certificate: String, key: String) -> Override {
        Override(option) { tree in
            func issue(_ value: inout Tree?) {
                var issued = value ?? Tree(.nothing)
                if issued["per"] == nil { issued = .option(option, [("per", .option(option, "agent"))]) }
                for (name, path) in [("ca", certificate), ("ca_key", key)] {
                    issued.set([name], .option(option, path: path))
                }
                value = issued
            }
            tree.edit(["client_certificate"], makes: .option(option), issue)
            tree.edit(["cohorts", "*", "client_certificate"], issue)
        }
    }
}

extension Tree {
    /// Replaces a key of the fleet and removes it from the cohorts.
    fileprivate mutating func replace(_ key: String, _ value: Tree) {
        set([key], value)
        remove(["cohorts", "*", key])
    }

    fileprivate static func bearer(_ option: String, _ kind: String, _ source: Tree) -> Tree {
        .option(option, [("bearer", .option(option, [(kind, source)]))])
    }

    /// A path, which counts from the working directory.
    fileprivate static func option(_ option: String, path: String) -> Tree {
        .option(option, URL(fileURLWithPath: path).standardizedFileURL.path)
    }
}
