/// Mistakes that tests plant in the derived form of heartbeats, to show that the comparison with the form in which each
/// is an event finds them.
enum PlantedMistake: CaseIterable, Sendable {
    /// A heartbeat at the very instant of another event is not sent.
    case heartbeatAtTheInstantIsMissed
    /// An agent at rest does not look for an offer that is owed to it.
    case owedOfferIsForgotten
    /// An agent rests although it is about to crash.
    case restsBeforeDeath
    /// The load keeps the heartbeats of an agent that has lost its connection.
    case lossKeepsTheLoad
    /// The outcomes of a second are not put in order.
    case outcomesAreNotSorted
    /// Attempts that are made before their time, because they can only fail, pass other events of the agent.
    case attemptsPassOtherEvents
    /// What agents tell has the time of their own clocks.
    case agentsClocksAreBelieved
    /// Steps draw from one stream instead of one for each.
    case drawsFromOneStream
}
