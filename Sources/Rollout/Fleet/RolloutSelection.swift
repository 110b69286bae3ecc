public import Schema

/// Selectors over attributes, on a fleet's columns: an agent has to have one of the values of each.
public struct RolloutSelection: Sendable {
    private let conditions: [(column: [UInt8], allowed: [Bool])]
    private let isNobody: Bool
    var isEverybody: Bool { conditions.isEmpty && !isNobody }

    init(_ target: RolloutTarget, fleet: RolloutFleet) {
        self.init(attributes: target.attributes, except: target.except, fleet: fleet)
    }

    public init(attributes: [Named<[String]>], except: [Named<[String]>] = [], fleet: RolloutFleet) {
        var conditions: [(column: [UInt8], allowed: [Bool])] = []
        var isNobody = false
        for (names, allows) in [(attributes, true), (except, false)] {
            for condition in names {
                guard let column = fleet.column(condition.name) else {
                    // No agent has the attribute.
                    isNobody = isNobody || allows
                    continue
                }
                conditions.append((column.indexes, column.values.map { condition.value.contains($0) == allows }))
            }
        }
        self.conditions = conditions
        self.isNobody = isNobody
    }

    /// Linear in the conditions.
    public func includes(_ agent: UInt32) -> Bool {
        !isNobody && conditions.allSatisfy { $0.allowed[Int($0.column[Int(agent)])] }
    }
}
