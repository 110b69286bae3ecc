/// Whether text may carry terminal colours.
public enum TextStyle: Hashable, Sendable {
    case plain
    case colour
}
